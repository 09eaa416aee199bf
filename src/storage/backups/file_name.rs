//! What folders and copies are called.
//!
//! Owns the way from names that a server chose to names that any file system takes and that lead nowhere else. Must not
//! touch the disk.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::model::text;

/// A folder's time, in UTC, without anything a file system may object to.
const STAMP: &str = "%Y%m%dT%H%M%SZ";
/// The most bytes of an id or of a file's name that are kept: together with what is added, file systems take 255.
const LONGEST: usize = 100;
/// More letters than this behind a dot are no ending.
const LONGEST_ENDING: usize = 10;
/// What has no name left is called.
const NAMELESS: &str = "unnamed";

/// `job-12-20261122T190501Z`
pub(super) fn of_job(job: i64, at: Timestamp) -> String {
    format!("job-{job}-{}", at.strftime(STAMP))
}

/// The job and the time in a folder's name, if [`of_job`] would have made it.
pub(super) fn read_job(name: &str) -> Option<(i64, Timestamp)> {
    let (job, stamp) = name.strip_prefix("job-")?.rsplit_once('-')?;
    let (job, at) = (job.parse().ok()?, DateTime::strptime(STAMP, stamp).ok()?);
    let at = at.to_zoned(TimeZone::UTC).ok()?.timestamp();
    (of_job(job, at) == name).then_some((job, at))
}

/// A file's name in two parts, between which a number may stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BackupFileName {
    stem: String,
    ending: String,
}

impl BackupFileName {
    /// The name of the `n`th copy of that name, counted from one.
    pub(super) fn numbered(&self, n: usize) -> String {
        if n == 1 {
            format!("{}{}", self.stem, self.ending)
        } else {
            format!("{}.{n}{}", self.stem, self.ending)
        }
    }
}

/// `<id>.json`
pub(super) fn of_record(id: &str) -> BackupFileName {
    BackupFileName { stem: of_id(id), ending: ".json".to_owned() }
}

/// `<id>-<safe name>`
pub(super) fn of_bytes(id: &str, filename: &str) -> BackupFileName {
    let name = safe(filename);
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if ending.chars().count() <= LONGEST_ENDING => (stem, format!(".{ending}")),
        _ => (name.as_str(), String::new()),
    };
    BackupFileName { stem: format!("{}-{}", of_id(id), short(stem)), ending }
}

/// A folder's name for a kind.
pub(super) fn of_kind(kind: &str) -> String {
    short(&safe(kind)).to_owned()
}

/// An id as a name. One that had to be changed, or that differs from another only where some file systems see no
/// difference, ends in letters of its own hash, so that no two are called the same.
pub(super) fn of_id(id: &str) -> String {
    let name = safe(id);
    let name = short(&name);
    if name == id && !id.chars().any(char::is_uppercase) && !text::is_device(id) {
        return name.to_owned();
    }
    format!("{name}~{}", &hex(&Sha256::digest(id))[..12])
}

/// Lowercase hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Letters and digits of any script, and a few signs that mean nothing to a file system or a shell; never empty, and
/// neither hidden nor `..`.
fn safe(text: &str) -> String {
    let fit =
        |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+' | ' ') { c } else { '_' };
    let text: String = text.chars().map(fit).collect();
    // Windows drops dots and spaces at the end.
    let text = text.trim_matches(['.', ' ']);
    if text.is_empty() { NAMELESS.to_owned() } else { text.to_owned() }
}

fn short(text: &str) -> &str {
    text[..text.floor_char_boundary(LONGEST)].trim_end_matches(['.', ' '])
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_folder_is_called_by_job_and_time_and_read_back() {
        let at: Timestamp = "2026-11-22T19:05:01.75Z".parse().unwrap();
        assert_eq!(of_job(12, at), "job-12-20261122T190501Z");
        let whole: Timestamp = "2026-11-22T19:05:01Z".parse().unwrap();
        assert_eq!(read_job("job-12-20261122T190501Z"), Some((12, whole)));
        for other in [
            "job-012-20261122T190501Z",
            "job-12-20261122T190501",
            "job-12-20261322T190501Z",
            "job-12-20261122T190501Z ",
            "job-x-20261122T190501Z",
            "Job-12-20261122T190501Z",
            "job-12",
            "",
        ] {
            assert_eq!(read_job(other), None, "{other}");
        }
    }

    #[test]
    fn plain_names_stay_as_they_are() {
        assert_eq!(of_record("0123abcd").numbered(1), "0123abcd.json");
        assert_eq!(of_record("0123abcd").numbered(2), "0123abcd.2.json");
        assert_eq!(of_bytes("0123abcd", "Größe 1.pdf").numbered(1), "0123abcd-Größe 1.pdf");
        assert_eq!(of_bytes("0123abcd", "Größe 1.pdf").numbered(3), "0123abcd-Größe 1.3.pdf");
        assert_eq!(of_record("ana@example.com").numbered(1), "ana@example.com.json");
    }

    #[test]
    fn hostile_names_are_made_harmless() {
        for (name, becomes) in [
            ("", "a-unnamed"),
            ("..", "a-unnamed"),
            ("../../etc/passwd", "a-_.._etc_passwd"),
            ("C:\\x\\y.txt", "a-C__x_y.txt"),
            ("a\0b\u{1b}[31m\n.txt", "a-a_b__31m_.txt"),
            ("x\u{202e}gpj.exe", "a-x_gpj.exe"),
            ("CON", "a-CON"),
            (" .hidden. ", "a-hidden"),
        ] {
            assert_eq!(of_bytes("a", name).numbered(1), becomes, "{name:?}");
        }
        let long = of_bytes("a", &format!("{}.pdf", "ß".repeat(5000))).numbered(1);
        assert!(long.len() < 120 && long.ends_with("ß.pdf"), "{long}");
    }

    #[test]
    fn ids_that_are_not_the_same_are_not_called_the_same() {
        let ids = ["con", "NUL", "nul", "a/b", "a_b", "a\\b", "A_B", "..", "", "unnamed", "lpt1", "com¹"];
        let mut names: Vec<_> = ids.map(of_id).into_iter().map(|name| name.to_lowercase()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ids.len(), "{names:?}");
        assert!(names.iter().all(|name| !text::is_device(name)), "{names:?}");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_one_short_plain_name(id in ".{0,300}", name in ".{0,6000}", n in 1usize..2000) {
            for name in [of_record(&id).numbered(n), of_bytes(&id, &name).numbered(n)] {
                prop_assert!(name.len() <= 240, "{}", name.len());
                let parts: Vec<_> = Path::new(&name).components().collect();
                prop_assert!(matches!(parts[..], [Component::Normal(_)]), "{name:?}");
                prop_assert!(!name.starts_with('.') && !name.ends_with(['.', ' ']));
                prop_assert!(!name.chars().any(char::is_control) && !name.contains(['/', '\\', ':']));
            }
        }
    }
}
