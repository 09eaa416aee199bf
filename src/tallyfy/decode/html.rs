//! Rich text made plain.
//!
//! Owns what is taken for mark-up: the elements of HTML that people write with, and nothing that merely looks like it. The
//! API's summaries and descriptions hold such text (API sheet, section 3). What is left must still be cleaned.

/// Elements after which a line ends, and before which one begins.
const BLOCKS: [&str; 16] = [
    "p",
    "div",
    "br",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "table",
    "tr",
    "blockquote",
    "pre",
    "hr",
];
/// Elements that only change how text looks.
const INLINE: [&str; 23] = [
    "a", "abbr", "b", "code", "del", "em", "font", "i", "iframe", "img", "ins", "label", "mark", "s",
    "small", "span", "strong", "sub", "sup", "tbody", "td", "th", "u",
];
/// The longest name of an element.
const LONGEST_NAME: usize = 10;
/// The longest reference to a letter that is looked for, its `&` left out.
const LONGEST_REFERENCE: usize = 10;

/// `text` without its mark-up, a line a block.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut unclosed) = (text, UnclosedTags::default());
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = match element(rest, &mut unclosed).or_else(|| reference(rest)) {
            Some((written, after)) => {
                // One break is enough, however many elements ask for it.
                let is_fresh = out.is_empty() || out.ends_with('\n');
                out.push_str(written.strip_prefix('\n').filter(|_| is_fresh).unwrap_or(&written));
                after
            }
            None => {
                out.push_str(&rest[..1]);
                &rest[1..]
            }
        };
    }
    out.push_str(rest);
    out.trim_end().to_owned()
}

/// What has been looked for in vain from some place on, and so need not be looked for behind it: otherwise a text of
/// nothing but openings would be read to its end once for each of them.
#[derive(Default)]
struct UnclosedTags {
    tag: bool,
    comment: bool,
}

/// What stands after the first `end` in `text`, unless it is known that there is none.
fn after<'a>(text: &'a str, end: &str, none: &mut bool) -> Option<&'a str> {
    let found = if *none { None } else { text.split_once(end) };
    *none = found.is_none();
    found.map(|(_, after)| after)
}

/// The element that `text` begins with, as what it is written as and what stands after it.
fn element<'a>(text: &'a str, unclosed: &mut UnclosedTags) -> Option<(String, &'a str)> {
    let inner = text.strip_prefix('<')?;
    if let Some(comment) = inner.strip_prefix("!--") {
        return after(comment, "-->", &mut unclosed.comment).map(|after| (String::new(), after));
    }
    let (is_end, tag) = inner.strip_prefix('/').map_or((false, inner), |tag| (true, tag));
    let length = tag.bytes().take(LONGEST_NAME + 1).take_while(u8::is_ascii_alphanumeric).count();
    let name = tag[..length].to_ascii_lowercase();
    let written = match name.as_str() {
        "li" if is_end => "\n",
        "li" => "\n- ",
        block if BLOCKS.contains(&block) => "\n",
        "td" | "th" if is_end => " ",
        inline if INLINE.contains(&inline) => "",
        _ => return None,
    };
    Some((written.to_owned(), after(tag, ">", &mut unclosed.tag)?))
}

/// The reference to a letter that `text` begins with, as that letter and what stands after it.
fn reference(text: &str) -> Option<(String, &str)> {
    let inner = text.strip_prefix('&')?;
    let end = inner.bytes().take(LONGEST_REFERENCE).position(|byte| byte == b';')?;
    let (name, after) = (&inner[..end], &inner[end + 1..]);
    let letter = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "ndash" => '–',
        "mdash" => '—',
        "hellip" => '…',
        "bull" => '•',
        name => {
            let number = name.strip_prefix('#')?;
            let hex = number.strip_prefix(['x', 'X']);
            let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
            char::from_u32(code?)?
        }
    };
    Some((letter.to_string(), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_up_goes_and_its_lines_stay() {
        for (rich, shown) in [
            ("<p>one</p><p>two <b>three</b></p>", "one\ntwo three"),
            ("<div class=\"x\"><p>one</p></div>two", "one\ntwo"),
            ("a<br/>b<BR>c", "a\nb\nc"),
            ("<ul><li>one</li><li>two</li></ul>", "- one\n- two"),
            ("Fish &amp; chips &lt;3 &#39;x&#x27; &nbsp;y", "Fish & chips <3 'x'  y"),
            ("x <!-- hidden --> y", "x  y"),
            ("<table><tr><td>1</td><td>2</td></tr></table>", "1 2"),
        ] {
            assert_eq!(plain(rich), shown, "{rich}");
        }
    }

    #[test]
    fn what_only_looks_like_mark_up_stays() {
        for text in [
            "a < b > c",
            "x<y",
            "<ana@corp.example>",
            "<none>",
            "AT&T; &unknown; &",
            "<p",
            "家<族>",
            "&#xffffffff;",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    /// A summary of signs that open nothing is read in one go, not once for each sign.
    #[test]
    fn text_that_never_closes_its_elements_takes_no_time() {
        for sign in ["<", "<!--", "<p ", "&", "</", "<p<!--"] {
            let text = sign.repeat(1 << 20);
            let begun = std::time::Instant::now();
            let (done, wait) = std::sync::mpsc::channel();
            std::thread::spawn(move || done.send(plain(&text).len()));
            let read = wait.recv_timeout(std::time::Duration::from_secs(5));
            assert!(read.is_ok(), "{sign}: not read in {:?}", begun.elapsed());
        }
    }
}
