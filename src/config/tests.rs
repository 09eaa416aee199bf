//! Precedence, and the words for what is wrong.

use std::path::Path;

use super::*;
use crate::app::keymap::Chord;
use crate::model::limits::Budget;

const ORG_A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const ORG_B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const ORG_C: &str = "cccccccccccccccccccccccccccccccc";

/// Sources in the making.
#[derive(Default)]
struct Told {
    file: Option<String>,
    variables: Vec<(&'static str, &'static str)>,
    flags: Flags,
    demo: bool,
}

fn file(text: &str) -> Told {
    Told { file: Some(text.to_owned()), ..Told::default() }
}

impl Told {
    fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    fn flags(mut self, change: impl FnOnce(&mut Flags)) -> Self {
        change(&mut self.flags);
        self
    }

    fn demo(self) -> Self {
        Self { demo: true, ..self }
    }

    fn resolve(self) -> Result<Settings, Vec<ConfigError>> {
        let written = self.file.map(|text| ConfigText { path: "c.toml".into(), text });
        let environment = Environment::of(self.variables.into_iter().map(|(k, v)| (k.into(), v.into())));
        resolve(&Sources {
            file: written.as_ref(),
            environment: &environment,
            flags: &self.flags,
            state_dir: "state".into(),
            demo: self.demo,
        })
    }

    fn settings(self) -> Settings {
        self.resolve().unwrap()
    }

    fn sentences(self) -> Vec<String> {
        self.resolve().unwrap_err().into_iter().map(|problem| problem.sentence).collect()
    }
}

fn keys(keymap: &Keymap) -> Vec<String> {
    let words = |chords: &[Chord]| chords.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    keymap.rows().map(|(binding, chords)| format!("{}: {}", binding.name, words(chords))).collect()
}

#[test]
fn without_any_source_the_defaults_hold() {
    let settings = Told::default().settings();
    assert_eq!((settings.base_url.as_str(), settings.org), (DEFAULT_BASE_URL, None));
    assert_eq!((settings.kind, settings.read_only, settings.color), (Kind::Processes, false, true));
    assert_eq!((settings.limits, settings.thresholds), (Limits::documented(), ConfirmThresholds::default()));
    assert_eq!((settings.connect_timeout.as_secs(), settings.request_timeout.as_secs()), (10, 30));
    assert_eq!((settings.at_once, settings.log_level), (16, LogLevel::Off));
    assert_eq!(keys(&settings.keymap), keys(&Keymap::default()));
}

#[test]
fn flags_beat_the_environment_which_beats_the_file() {
    let text = format!("base_url = 'https://file'\norg = '{ORG_A}'\nkind = 'tags'\nlog_level = 'warn'");
    let settings = file(&text).settings();
    assert_eq!((settings.base_url.as_str(), settings.org.as_deref()), ("https://file", Some(ORG_A)));
    assert_eq!((settings.kind, settings.log_level), (Kind::Tags, LogLevel::Warn));

    let of_environment =
        || file(&text).variable("TALLYFY_BASE_URL", " https://env\n").variable("TALLYFY_ORG_ID", ORG_B);
    let settings = of_environment().settings();
    assert_eq!((settings.base_url.as_str(), settings.org.as_deref()), ("https://env", Some(ORG_B)));

    let settings = of_environment()
        .flags(|flags| {
            flags.base_url = Some("https://flag".into());
            flags.org = Some(ORG_C.into());
            flags.kind = Some("Checklist".into());
            flags.log_level = Some(LogLevel::Off);
        })
        .settings();
    assert_eq!((settings.base_url.as_str(), settings.org.as_deref()), ("https://flag", Some(ORG_C)));
    assert_eq!((settings.kind, settings.log_level), (Kind::Templates, LogLevel::Off));
}

#[test]
fn an_empty_variable_is_unset() {
    let settings = file("base_url = 'https://file'\norg = ''").variable("TALLYFY_BASE_URL", " ").settings();
    assert_eq!((settings.base_url.as_str(), settings.org), ("https://file", None));
    assert!(Told::default().variable("NO_COLOR", "").settings().color);
    assert!(!file("color = true").variable("NO_COLOR", "1").settings().color);
}

#[test]
fn an_explicit_profile_beats_the_environment_and_a_default_one_does_not() {
    let text = format!("profile = 'a'\n[profiles.a]\norg = '{ORG_A}'\n[profiles.b]\nbase_url = 'https://b'");
    let told = || file(&text).variable("TALLYFY_ORG_ID", ORG_C).variable("TALLYFY_BASE_URL", "https://env");

    let settings = told().settings();
    assert_eq!((settings.profile.as_deref(), settings.org.as_deref()), (None, Some(ORG_C)));
    let settings = file(&text).settings();
    assert_eq!((settings.profile.as_deref(), settings.org.as_deref()), (Some("a"), Some(ORG_A)));

    let settings = told().flags(|flags| flags.profile = Some("a".into())).settings();
    assert_eq!((settings.org.as_deref(), settings.base_url.as_str()), (Some(ORG_A), "https://env"));
    let settings = told().flags(|flags| flags.profile = Some("b".into())).settings();
    assert_eq!((settings.org.as_deref(), settings.base_url.as_str()), (Some(ORG_C), "https://b"));
    let settings =
        told().flags(|flags| (flags.profile, flags.org) = (Some("a".into()), Some(ORG_B.into()))).settings();
    assert_eq!(settings.org.as_deref(), Some(ORG_B));
}

#[test]
fn the_file_of_the_token_is_a_whole_path_and_never_shown_otherwise() {
    let settings = || file("token_file = '/home/mia/token'");
    assert_eq!(settings().settings().token_file.as_deref(), Some(Path::new("/home/mia/token")));
    assert_eq!(settings().demo().settings().token_file, None);
    assert_eq!(file("token_file = ''").settings().token_file, None);
    for wrong in ["sesame", "~/sesame", "./sesame"] {
        let said = file(&format!("\ntoken_file = '{wrong}'")).resolve().unwrap_err();
        assert!(said[0].sentence.starts_with("`c.toml`, line 2: `token_file` is no path"), "{said:?}");
        assert!(!format!("{said:?}").contains("sesame"), "{said:?}");
    }
}

#[test]
fn whoever_says_read_only_wins() {
    assert!(file("read_only = true\n[profiles.a]\nread_only = false\n").settings().read_only);
    let profiles = "[profiles.a]\nread_only = true\n[profiles.b]";
    let with =
        |name: &str| file(profiles).flags(|flags| flags.profile = Some(name.into())).settings().read_only;
    assert_eq!((with("a"), with("b")), (true, false));
    assert!(Told::default().flags(|flags| flags.read_only = true).settings().read_only);
}

#[test]
fn limits_come_from_the_flag_then_the_figures() {
    let text = "[limits]\nreads = [{ count = 3, seconds = 2 }]";
    let figures = file(text).settings().limits;
    assert_eq!(figures.all, Limits::documented().all);
    assert_eq!(figures.reads, [Budget { count: 3, window: Duration::from_secs(2) }]);
    let flag = |mode| file(text).flags(|flags| flags.limits = Some(mode)).settings().limits;
    assert_eq!(flag(LimitsMode::Documented), Limits::documented());
    assert!(flag(LimitsMode::Off).is_off());
    assert!(file("limits.mode = 'off'").settings().limits.is_off());
}

#[test]
fn the_demo_hears_nothing_of_summaries() {
    let text =
        format!("org = '{ORG_A}'\nbase_url = 'https://file'\nprofile = 'none'\n[keys]\narchive = ['A']");
    let told = || file(&text).variable("TALLYFY_ORG_ID", "not/an/id").demo();
    let settings = told().settings();
    assert_eq!((settings.base_url.as_str(), settings.org, settings.profile), (DEFAULT_BASE_URL, None, None));
    assert!(settings.limits.is_off() && settings.demo);
    assert!(keys(&settings.keymap).contains(&"archive: A".to_owned()));
    let paced = told().flags(|flags| flags.limits = Some(LimitsMode::Documented)).settings();
    assert_eq!(paced.limits, Limits::documented());
    assert!(file("read_only = true").demo().settings().read_only);
}

#[test]
fn copies_lie_where_the_file_says_or_in_the_state_directory() {
    let settings = Told::default().settings();
    assert_eq!((settings.backups.as_path(), settings.keep_free), (Path::new("state/backups"), 100_000_000));
    let text = "backups = '/srv/copies'\nkeep_free_mb = 5_000";
    let settings = file(text).settings();
    assert_eq!((settings.backups.as_path(), settings.keep_free), (Path::new("/srv/copies"), 5_000_000_000));
    let settings = file(text).demo().settings();
    assert_eq!((settings.backups.as_path(), settings.keep_free), (Path::new("state/backups"), 5_000_000_000));
    assert_eq!(file("backups = ' '").settings().backups, Path::new("state/backups"));
}

#[test]
fn a_folder_that_depends_on_where_one_stands_is_refused() {
    for path in ["~/copies", "copies", "./copies", "$HOME/copies"] {
        let problems = file(&format!("backups = '{path}'\nkeep_free_mb = -1")).resolve().unwrap_err();
        let said = format!("`c.toml`, line 1: `backups`: `{path}` is not a whole path");
        assert_eq!((problems[0].sentence.as_str(), problems.len()), (said.as_str(), 2));
        assert!(problems[0].hint.contains("`~` and variables are not resolved"), "{}", problems[0].hint);
    }
}

#[test]
fn everything_wrong_in_a_file_is_said_at_once_with_its_line() {
    let text = "orgg = 'x'\n\
        read_only = 'yes'\n\
        kind = 'wombats'\n\
        [requests]\n\
        at_once = 65\n\
        timeout = '3'\n\
        [limits]\n\
        mode = 'fast'\n\
        speed = 2\n\
        [[limits.all]]\n\
        count = 0\n\
        seconds = 1\n\
        [keys]\n\
        delete = ['ctrl-w']\n\
        fly = ['f']\n\
        scope = ['/']\n\
        [profiles.one]\n\
        name = 'x'\n";
    let mut sentences = file(text)
        .variable("TALLYFY_ORG_ID", "a/b")
        .flags(|flags| (flags.kind, flags.profile) = (Some("wombat".into()), Some("two".into())))
        .sentences();
    sentences.sort();
    let starts = [
        "`--kind`: `wombat` is not a kind",
        "`--profile`: there is no profile `two`",
        "`TALLYFY_ORG_ID` is not the id of an organization",
        "`c.toml`, line 10: `limits.all`: invalid value: integer `0`",
        "`c.toml`, line 14: `keys.delete`: `delete` may not be on `ctrl-w`",
        "`c.toml`, line 15: `keys.fly`: `fly` is not a command",
        "`c.toml`, line 16: `keys.scope`: `filter` and `scope` are both on `/`",
        "`c.toml`, line 18: `profiles.one.name` is not a setting",
        "`c.toml`, line 1: `orgg` is not a setting",
        "`c.toml`, line 2: `read_only`: invalid type",
        "`c.toml`, line 3: `kind`: `wombats` is not a kind",
        "`c.toml`, line 5: `requests.at_once`: invalid value: integer `65`",
        "`c.toml`, line 6: `requests.timeout`: invalid type",
        "`c.toml`, line 8: `limits.mode`: unknown variant `fast`",
        "`c.toml`, line 9: `limits.speed` is not a setting",
    ];
    assert_eq!(sentences.len(), starts.len(), "{sentences:#?}");
    for (sentence, start) in sentences.iter().zip(starts) {
        assert!(sentence.starts_with(start), "{sentence}\n{start}");
    }
}

#[test]
fn an_unknown_setting_comes_with_the_known_ones() {
    let problems = file("[limits]\nspeed = 2").resolve().unwrap_err();
    assert_eq!(problems[0].hint, "expected one of `mode`, `all`, `reads`");
}

#[test]
fn broken_toml_is_told_by_its_line() {
    let sentences = file("org = 'x'\n\nread_only = = true\n").sentences();
    assert!(sentences[0].starts_with("`c.toml`, line 3: "), "{sentences:?}");
    let sentences = file("org = 'x'\norg = 'y'\n").sentences();
    assert!(sentences[0].starts_with("`c.toml`, line 2: duplicate key"), "{sentences:?}");
}

#[test]
fn a_token_in_the_file_is_refused_without_being_shown() {
    let text = "token = 'sesame'\n[profiles.token]\napi_token = 'sesame'\nread_only = 'x'\n";
    let problems = file(text).resolve().unwrap_err();
    let shown = format!("{problems:?}");
    assert!(!shown.contains("sesame"), "{shown}");
    assert!(
        problems[0].sentence.starts_with("`c.toml`, line 1: `token` does not belong in the config"),
        "{shown}"
    );
    assert!(
        problems[1].sentence.starts_with("`c.toml`, line 3: `profiles.token.api_token` does not"),
        "{shown}"
    );
    assert!(problems[0].hint.contains("TALLYFY_ACCESS_TOKEN"), "{shown}");
    assert_eq!(problems.len(), 3, "{shown}");
}

#[test]
fn what_is_no_id_is_not_shown_for_it_may_be_a_token() {
    for told in [
        Told::default().variable("TALLYFY_ORG_ID", "eyJ.sesame.x"),
        Told::default().flags(|flags| flags.org = Some("eyJ.sesame.x".into())),
        file("org = 'eyJ.sesame.x'"),
    ] {
        let problems = told.resolve().unwrap_err();
        assert!(!format!("{problems:?}").contains("sesame"));
    }
}

#[test]
fn unknown_profiles_are_answered_with_the_known_ones() {
    let problems = file("profile = 'x'\n[profiles.a]\n[profiles.b]").resolve().unwrap_err();
    assert_eq!(problems[0].sentence, "`c.toml`, line 1: `profile`: there is no profile `x`");
    assert_eq!(problems[0].hint, "the profiles are `a`, `b`");
}

#[test]
fn a_file_cannot_write_to_the_terminal() {
    let sentences = file("\"\\u001b[31mred\" = 1\n").sentences();
    assert!(!sentences[0].contains('\u{1b}'), "{sentences:?}");
}

#[test]
fn a_byte_order_mark_does_not_matter() {
    assert_eq!(file("\u{feff}kind = 'tags'").settings().kind, Kind::Tags);
}

#[test]
fn only_a_config_that_was_asked_for_must_exist() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("config.toml");
    let places = AppPaths { config_file: Some(path.clone()), state_dir: None };
    assert_eq!(places.read_config(None), Ok(None));
    let problem = places.read_config(Some(&path)).unwrap_err();
    assert!(problem.sentence.ends_with("there is no such file"), "{problem}");

    std::fs::write(&path, "kind = 'tags'").unwrap();
    let written = places.read_config(None).unwrap().unwrap();
    assert_eq!((written.path.as_path(), written.text.as_str()), (path.as_path(), "kind = 'tags'"));
}

#[test]
fn what_is_no_text_file_is_called_by_its_name() {
    let directory = tempfile::tempdir().unwrap();
    let refused = |path: &Path| AppPaths::default().read_config(Some(path)).unwrap_err().sentence;
    assert!(refused(directory.path()).contains("it is a directory"));
    let path = directory.path().join("c.toml");
    std::fs::write(&path, b"kind = 'tags'\norg = '\xff'").unwrap();
    assert!(refused(&path).ends_with("line 2: this is not UTF-8"), "{}", refused(&path));
    std::fs::write(&path, vec![b' '; 2 << 20]).unwrap();
    assert!(refused(&path).ends_with("it is too large"), "{}", refused(&path));
}

#[test]
fn a_profile_has_a_color_of_its_own_and_all_are_known_by_name() {
    let text =
        "accent = 'green'\n[profiles.live]\naccent = '#ff0000'\n[profiles.b]\n[profiles.a]\naccent = ''";
    let settings = file(text).settings();
    assert_eq!(
        (settings.accent, settings.profiles),
        (Some(AccentColor::Palette(2)), ["a", "b", "live"].map(str::to_owned).to_vec())
    );
    let of = |name: &str| file(text).flags(|flags| flags.profile = Some(name.into())).settings().accent;
    assert_eq!(of("live"), Some(AccentColor::Exact(255, 0, 0)));
    assert_eq!((of("a"), of("b")), (Some(AccentColor::Palette(2)), Some(AccentColor::Palette(2))));
    let problems = file("accent = 'mauve'").resolve().unwrap_err();
    assert_eq!(problems[0].sentence, "`c.toml`, line 1: `accent`: `mauve` is not a colour");
    assert!(
        problems[0].hint.starts_with("expected one of black, ") && problems[0].hint.ends_with("`#rrggbb`")
    );
}

#[test]
fn the_keyring_is_used_unless_it_is_switched_off_or_it_is_the_demo() {
    assert!(Told::default().settings().keyring && !file("keyring = false").settings().keyring);
    assert!(!Told::default().demo().settings().keyring);
    assert!(!Told::default().settings().base_url_is_named);
    assert!(file("base_url = 'https://x'").settings().base_url_is_named);
}

#[test]
fn who_goes_on_by_hand_from_what_is_read_only_stays_so() {
    let place = Context {
        profile: None,
        base_url: "https://go.tallyfy.com/api".into(),
        org: "0123456789abcdef0123456789abcdef".into(),
        read_only: true,
    };
    let settings = file("profile = \"audit\"\n[profiles.audit]\nread_only = true\n")
        .flags(|flags| *flags = flags.clone().at(&place))
        .settings();
    assert!(settings.read_only, "a place that is said to be read-only is entered for writing");
}

#[test]
fn a_profile_neither_names_nor_colours_an_organization_that_is_not_its_own() {
    let text = "profile = 'live'\n[profiles.live]\norg = 'aa'\naccent = 'red'\nread_only = true\n";
    let of = |told: Told| {
        let settings = told.settings();
        (settings.profile, settings.accent, settings.read_only, settings.org)
    };
    let own = (Some("live".to_owned()), Some(AccentColor::Palette(1)), true, Some("aa".to_owned()));
    assert_eq!(of(file(text)), own);
    assert_eq!(of(file(text).variable("TALLYFY_ORG_ID", "bb")), (None, None, true, Some("bb".to_owned())));
}

#[test]
fn a_profile_has_a_name_and_no_token_file_of_its_own() {
    let said = |text: &str| file(text).resolve().unwrap_err().remove(0).sentence;
    assert!(said("[profiles.\"\"]").ends_with("a profile needs a name"));
    let own = said("[profiles.work]\ntoken_file = '/home/mia/token'");
    assert!(own.contains("cannot be set for one profile") && !own.contains("mia"), "{own}");
}
