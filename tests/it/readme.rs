//! The README says what is so: its keys are the keymap's, its filters are those of the language, its picture is the real
//! screen. `UPDATE_README=1` writes them.

use std::fs;
use std::path::Path;

use tidyfy::app::keymap::{KeyContext, Keymap};
use tidyfy::model::filter;

use crate::support::{Desk, Wanted};

fn keys() -> String {
    let mut table = "| Keys | Name | Does | Where |\n|---|---|---|---|\n".to_owned();
    for (binding, chords) in Keymap::default().rows() {
        let chords: Vec<_> = chords.iter().map(|chord| format!("`{chord}`")).collect();
        let chords = match binding.command.argument() {
            Some(argument) if chords.is_empty() => format!("`{argument}`"),
            None if chords.is_empty() => "in the palette".to_owned(),
            _ => chords.join(" "),
        };
        let places = match binding.contexts {
            contexts if contexts.len() == KeyContext::ALL.len() => "everywhere".to_owned(),
            contexts => contexts
                .iter()
                .map(|context| context.title().rsplit(' ').next().unwrap())
                .collect::<Vec<_>>()
                .join(", "),
        };
        table.push_str(&format!("| {chords} | {} | {} | {places} |\n", binding.name, binding.help));
    }
    table.replace("`|`", "`\\|`")
}

fn filters() -> String {
    let mut table = "| Terms | Match where |\n|---|---|\n".to_owned();
    for (terms, meaning) in filter::HELP {
        let terms: Vec<_> = terms.split("  ").map(|term| format!("`{term}`")).collect();
        table.push_str(&format!("| {} | {meaning} |\n", terms.join(", ")));
    }
    table
}

async fn screen() -> String {
    let mut desk = Desk::with(Wanted { size: (110, 30), at_once: 1, ..Wanted::default() }).await;
    desk.keys("j space j j space space a").await;
    desk.confirm().await;
    desk.rest().await;
    desk.keys("j space").await;
    format!("```text\n{}\n```\n", desk.screen())
}

/// The README with what stands between two marks replaced.
fn with(readme: &str, mark: &str, text: &str) -> String {
    let (begin, end) = (format!("<!-- {mark}:begin -->\n"), format!("<!-- {mark}:end -->"));
    let start = readme.find(&begin).unwrap() + begin.len();
    let stop = readme.find(&end).unwrap();
    format!("{}{text}{}", &readme[..start], &readme[stop..])
}

#[tokio::test(start_paused = true)]
async fn its_keys_its_filters_and_its_picture_are_the_real_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let meant = with(&with(&readme, "keys", &keys()), "filter", &filters());
    let meant = with(&meant, "screen", &screen().await);
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, &meant).unwrap();
    } else {
        assert!(readme == meant, "README.md is out of date: run the tests once with UPDATE_README=1");
    }
}
