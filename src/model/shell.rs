//! Texts that somebody will paste into a shell.
//!
//! Owns the quoting: nothing that is pasted may be read as more than one word of data, or run anything by itself.

use super::id::Id;
use super::text;

/// A text as one word of a shell, whatever is in it.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text::clean(text).replace('\'', r"'\''"))
}

/// An id as it can be pasted anywhere: as it is where a shell gives none of its characters a meaning, else quoted, and
/// escaped where it holds letters that hide or turn what is read. The address of a guest may hold any of them.
#[must_use]
pub fn id(id: &Id) -> String {
    let id = id.to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@._+-".contains(c);
    match () {
        () if id.chars().all(is_plain) && !id.starts_with('-') => id,
        () if text::clean(&id) == id => quoted(&id),
        () => escaped(&id),
    }
}

/// A text as one word of a shell, every byte kept and none but visible ones of ASCII written as they are.
fn escaped(text: &str) -> String {
    let mut word = "$'".to_owned();
    for byte in text.bytes() {
        match byte {
            b'\'' | b'\\' => word.extend(['\\', char::from(byte)]),
            0x20..=0x7e => word.push(char::from(byte)),
            byte => word.push_str(&format!("\\{byte:03o}")),
        }
    }
    word.push('\'');
    word
}

/// A request as a command for a shell, which takes the token from the environment (API sheet, section 1.2).
#[must_use]
pub fn curl(method: &str, url: &str) -> String {
    format!(
        "curl -X {method} {} -H \"Authorization: Bearer $TALLYFY_ACCESS_TOKEN\" \
         -H 'Accept: application/json' -H 'X-Tallyfy-Client: APIClient'",
        quoted(url)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_runs_nothing() {
        let shown = |text: &str| id(&Id::new(text).unwrap());
        for plain in ["5d0c2a9be1f34a7788c1d2e3f4a5b6c7", "2044", "ana+x@supplier.example"] {
            assert_eq!(shown(plain), plain);
        }
        assert_eq!(shown("$(reboot)@x.y"), "'$(reboot)@x.y'");
        assert_eq!(shown("a';reboot;'@x.y"), r"'a'\'';reboot;'\''@x.y'");
        assert_eq!(shown("zoë@b.y"), "'zoë@b.y'");
        // Another address than the one without the letter that cannot be seen.
        assert_eq!(shown("a`b'@\u{202e}x.y"), r"$'a`b\'@\342\200\256x.y'");
        assert_eq!(shown("-rf"), "'-rf'");
    }

    #[test]
    fn a_request_is_a_command_no_shell_misreads() {
        let command = curl("GET", "https://x/'; rm -rf $HOME '");
        assert!(command.starts_with(r"curl -X GET 'https://x/'\''; rm -rf $HOME '\''' -H "), "{command}");
        assert!(command.contains("Bearer $TALLYFY_ACCESS_TOKEN\" -H 'Accept: application/json' -H 'X-"));
        assert!(!curl("GET", "https://x/\n\u{1b}y").contains(char::is_control));
    }
}
