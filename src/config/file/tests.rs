//! The assets are what the types say.

use std::collections::BTreeSet;
use std::path::Path;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use super::*;
use crate::app::keymap::{BINDINGS, Binding};
use crate::model::catalog::CATALOG;

/// Every word for a kind.
pub(crate) fn kind_schema(_: &mut SchemaGenerator) -> Schema {
    let words: Vec<_> = CATALOG.iter().flat_map(|row| [&row.slug].into_iter().chain(row.aliases)).collect();
    json_schema!({ "type": "string", "enum": words, "default": CATALOG[0].slug })
}

/// Every command, each with its default chords and the help's sentence.
pub(crate) fn keys_schema(_: &mut SchemaGenerator) -> Schema {
    let row = |binding: &Binding| {
        let chords = serde_json::json!({
            "type": "array", "items": { "type": "string" }, "default": binding.chords, "description": binding.help,
        });
        (binding.name.to_owned(), chords)
    };
    let commands: serde_json::Map<_, _> = BINDINGS.iter().map(row).collect();
    json_schema!({ "type": "object", "properties": commands, "additionalProperties": false })
}

fn schema() -> Value {
    schemars::schema_for!(ConfigFile).to_value()
}

/// The names of all settings below `schema`, as paths; `*` stands for any name.
fn names(schema: &Value, root: &Value, above: &str, found: &mut BTreeSet<String>) {
    if let Some(definition) = schema["$ref"].as_str() {
        return names(root.pointer(&definition[1..]).unwrap(), root, above, found);
    }
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = if above.is_empty() { name.clone() } else { format!("{above}.{name}") };
        names(inner, root, &path, found);
        found.insert(path);
    }
    if schema["additionalProperties"].is_object() {
        names(&schema["additionalProperties"], root, &format!("{above}.*"), found);
    }
}

/// `assets/config.toml` with every setting switched on.
fn uncommented() -> String {
    let text = include_str!("../../../assets/config.toml");
    let on = |line: &str| match line.strip_prefix('#') {
        Some(setting) if !setting.is_empty() && !setting.starts_with(' ') => setting.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(|line| on(line) + "\n").collect()
}

#[test]
fn the_commented_config_holds_every_setting() {
    let root = schema();
    let mut known = BTreeSet::new();
    names(&root, &root, "", &mut known);
    assert!(known.contains("keys.archive") && known.contains("profiles.*.org"), "{known:?}");
    let written: toml::Table = uncommented().parse().unwrap();
    for path in known {
        let mut here = toml::Value::Table(written.clone());
        for part in path.split('.') {
            let part = if part == "*" { "example" } else { part };
            here = here.get(part).unwrap_or_else(|| panic!("`{path}` is not in assets/config.toml")).clone();
        }
    }
}

#[test]
fn nothing_in_the_commented_config_is_switched_on() {
    let text = include_str!("../../../assets/config.toml");
    assert_eq!(text.parse::<toml::Table>().unwrap(), toml::Table::new());
}

#[test]
fn the_commented_config_holds_the_defaults() {
    let mut file: ConfigFile = toml::from_str(&uncommented()).unwrap();
    file.keys.clear();
    assert_eq!(file.limits.figures(), Limits::documented());
    assert_eq!(file.kind.take(), Some(Kind::Processes));
    assert_eq!(file.base_url.take().as_deref(), Some(super::super::DEFAULT_BASE_URL));
    assert_eq!(std::mem::take(&mut file.profiles).keys().collect::<Vec<_>>(), ["example"]);
    (file.limits.all, file.limits.reads) = (None, None);
    assert_eq!(file, ConfigFile::default());
}

/// Holds an asset against what it should be; `UPDATE_ASSETS=1 cargo test` writes it anew.
fn is_current(name: &str, wanted: impl Fn(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets").join(name);
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let wanted = wanted(&written);
    if std::env::var_os("UPDATE_ASSETS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    } else {
        assert!(written == wanted, "`assets/{name}` is old: UPDATE_ASSETS=1 cargo test writes it anew");
    }
}

#[test]
fn the_schema_is_what_the_types_say() {
    is_current("config.schema.json", |_| serde_json::to_string_pretty(&schema()).unwrap() + "\n");
}

#[test]
fn the_keys_are_those_of_the_keymap() {
    let row = |binding: &Binding| {
        let mut help = binding.help.to_owned();
        help[..1].make_ascii_uppercase();
        let chords: Vec<_> = binding.chords.iter().map(|chord| format!("{chord:?}")).collect();
        format!("# {help}.\n#{} = [{}]\n", binding.name, chords.join(", "))
    };
    let rows: String = BINDINGS.iter().map(row).collect();
    is_current("config.toml", |written| {
        let (above, rest) = written.split_once("#[keys]\n\n").unwrap();
        let (_, below) = rest.split_once("\n\n").unwrap();
        format!("{above}#[keys]\n\n{rows}\n{below}")
    });
}
