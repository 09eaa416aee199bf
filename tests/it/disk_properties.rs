//! Whatever a file on disk holds, reading it ends with what can be read or a clear error, and writing beside it loses
//! nothing. `PROPTEST_CASES` sets how many inputs.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;
use tidyfy::model::id::Id;
use tidyfy::model::kind::Kind;
use tidyfy::model::saved::{Keeping, Saved};
use tidyfy::model::set::Entry;
use tidyfy::shelf::{self, sets};

/// What happens to a file.
#[derive(Debug, Clone)]
enum Damage {
    Cut(prop::sample::Index),
    Flip(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Replace(Vec<u8>),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Cut(at) => bytes.truncate(at.index(bytes.len())),
            Self::Flip(at, bits) => {
                let at = at.index(bytes.len());
                bytes[at] ^= bits;
            }
            Self::Insert(at, more) => {
                let at = at.index(bytes.len());
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Replace(all) => bytes.clone_from(all),
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    let bytes = prop::collection::vec(any::<u8>(), 0..40);
    let words = prop::sample::select(vec![
        "null",
        "{}",
        "[]",
        "\"\"",
        "1e999",
        ",",
        "\u{feff}",
        "{\"format\":1}",
        "-1",
    ]);
    prop_oneof![
        any::<prop::sample::Index>().prop_map(Damage::Cut),
        (any::<prop::sample::Index>(), 1u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        (any::<prop::sample::Index>(), bytes.clone()).prop_map(|(at, more)| Damage::Insert(at, more)),
        (any::<prop::sample::Index>(), words).prop_map(|(at, word)| Damage::Insert(at, word.into())),
        bytes.prop_map(Damage::Replace),
    ]
}

fn saved(name: &str) -> Saved {
    Saved { kind: Kind::Tags, name: name.to_owned(), source: "title:old".to_owned() }
}

fn harm(path: &Path, damages: &[Damage]) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    for damage in damages {
        if !bytes.is_empty() {
            damage.apply(&mut bytes);
        }
    }
    fs::write(path, &bytes).unwrap();
    bytes
}

proptest! {
    #[test]
    fn damaged_saved_filters_are_read_or_left_alone(damages in prop::collection::vec(damage(), 1..3)) {
        let home = tempfile::tempdir().unwrap();
        shelf::keep(home.path(), &Keeping::Put(saved("one"))).unwrap();
        let path = home.path().join("filters.json");
        let before = harm(&path, &damages);
        let known = shelf::keep(home.path(), &Keeping::Look);
        match shelf::keep(home.path(), &Keeping::Put(saved("two"))) {
            Ok(after) => {
                prop_assert!(after.contains(&saved("two")));
                let known = known.unwrap();
                prop_assert!(known.iter().all(|one| after.contains(one) || one.name == "two"), "{known:?} {after:?}");
            }
            Err(error) => {
                prop_assert!(known.is_err() && !error.to_string().is_empty());
                prop_assert_eq!(fs::read(&path).unwrap(), before, "what cannot be read is not written over");
            }
        }
    }

    #[test]
    fn damaged_saved_selection_is_read_or_refused(damages in prop::collection::vec(damage(), 1..3)) {
        let home = tempfile::tempdir().unwrap();
        let here = ("https://go.tallyfy.com/api", "e0d1");
        let entry = |id: &str| Entry { kind: Kind::Tags, id: Id::new(id).unwrap(), name: None, archived: None };
        let entries = [entry("1"), entry("2")];
        let organization = sets::Place { id: here.1.to_owned(), name: "Acme Ltd".to_owned() };
        let saving = sets::Saving { place: "a", base_url: here.0.to_owned(), organization, at: Timestamp::UNIX_EPOCH, entries: &entries };
        sets::save(home.path(), saving).unwrap();
        let path = home.path().join("sets/a.json");
        let before = harm(&path, &damages);
        match sets::open(home.path(), "a", here) {
            Ok(opened) => prop_assert!(opened.entries.len() + opened.strange <= 2 + before.len() / 20),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
        prop_assert_eq!(sets::all(home.path()).unwrap().len(), 1);
        prop_assert_eq!(fs::read(&path).unwrap(), before);
    }
}
