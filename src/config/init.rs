//! The config that a first start writes: the commented default with what was chosen filled in.
//!
//! Owns how a setting is written down. Must not know where the file goes.

/// Every setting with its default, switched off.
const COMMENTED: &str = include_str!("../../assets/config.toml");

/// A setting as it stands in the file.
#[must_use]
pub fn line(name: &str, value: &str) -> String {
    // A string of JSON is a basic string of TOML.
    format!("{name} = {}", serde_json::Value::from(value))
}

/// The text of a first config with these settings, which stand outside of any table, switched on.
#[must_use]
pub fn first_config(settings: &[(&str, String)]) -> String {
    let mut text = String::with_capacity(COMMENTED.len() + 200);
    let mut left = settings.to_vec();
    for commented in COMMENTED.lines() {
        let chosen = left.iter().position(|(name, _)| commented.starts_with(&format!("#{name} = ")));
        match chosen.map(|at| left.remove(at)) {
            Some((name, value)) => text.push_str(&line(name, &value)),
            None => text.push_str(commented),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_switched_on_and_nothing_else() {
        let chosen = [
            ("org", "0123456789abcdef0123456789abcdef".to_owned()),
            ("base_url", "https://x.example/a'b\\c".to_owned()),
        ];
        let text = first_config(&chosen);
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table.len(), 2, "{table}");
        for (name, value) in chosen {
            assert_eq!(table[name].as_str(), Some(value.as_str()));
        }
        assert_eq!(text.lines().count(), COMMENTED.lines().count());
        assert_eq!(first_config(&[]), COMMENTED);
    }
}
