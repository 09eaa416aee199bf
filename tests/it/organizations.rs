//! Profiles and organizations in a real terminal: where one goes, by whose token, and on what terms.

use tidyfy::sandbox::{Sandbox, SandboxSettings};

use crate::pty::{PROGRAM, Terminal};

/// Two servers, and a config with a profile for an organization of each.
struct Ground {
    servers: [Sandbox; 2],
    config: tempfile::NamedTempFile,
    state: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Ground {
    fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let start = |seed| {
            runtime.block_on(Sandbox::start(SandboxSettings { seed, ..SandboxSettings::default() })).unwrap()
        };
        let servers = [start(1), start(2)];
        let config = tempfile::NamedTempFile::new().unwrap();
        let [here, there] = &servers;
        let text = format!(
            "keyring = false\nbase_url = '{}'\norg = '{}'\n\n[profiles.calm]\norg = '{}'\nread_only = true\naccent = 'green'\n\n\
             [profiles.far]\nbase_url = '{}'\norg = '{}'\n",
            here.base_url(),
            here.org(),
            here.organizations()[1].0,
            there.base_url(),
            there.org(),
        );
        std::fs::write(config.path(), text).unwrap();
        Self { servers, config, state: tempfile::tempdir().unwrap(), _runtime: runtime }
    }

    fn open(&self) -> Terminal {
        self.open_with(&[])
    }

    fn open_with(&self, more: &[(&str, &str)]) -> Terminal {
        let arguments = ["--config", self.config.path().to_str().unwrap()];
        let mut variables = vec![
            ("TALLYFY_ACCESS_TOKEN", self.servers[0].token()),
            ("XDG_STATE_HOME", self.state.path().to_str().unwrap()),
        ];
        variables.extend_from_slice(more);
        let mut terminal = Terminal::run(PROGRAM, &arguments, &variables);
        terminal.sees("Acme Ltd");
        terminal.sees("of ");
        terminal
    }
}

#[test]
fn a_profile_is_gone_to_on_its_own_terms_and_shows_its_color() {
    let ground = Ground::new();
    let mut terminal = ground.open();
    terminal.presses("P");
    terminal.sees("Elsewhere Ltd");
    terminal.presses("calm\r");
    terminal.waits("the profile", |screen| {
        screen.contents().starts_with("tidyfy  Elsewhere Ltd  calm  READ-ONLY")
            && screen.contents().contains("Processes 8")
    });
    let color = terminal.looks(|screen| screen.cell(0, 8).unwrap().fgcolor());
    assert_eq!(color, vt100::Color::Idx(2));
    terminal.presses("a");
    terminal.sees("read-only");
    assert!(ground.servers[0].requests().iter().all(|request| request.method == "GET"));
}

#[test]
fn a_token_is_never_sent_to_another_address_than_its_own() {
    let ground = Ground::new();
    let mut terminal = ground.open();
    terminal.presses("P");
    terminal.sees("Elsewhere Ltd");
    terminal.presses("far\r");
    terminal.sees("no token is stored for");
    terminal.sees("tidyfy  Acme Ltd");
    assert!(ground.servers[1].requests().is_empty(), "the other server was asked something");
}

/// The other organizations that are offered are those of the person whose token is in use.
#[test]
fn another_organization_of_the_person_is_entered_by_the_token_in_use() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Sandbox::start(SandboxSettings::default())).unwrap();
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    let text = format!(
        "keyring = false\nbase_url = '{}'\n[profiles.work]\norg = '{}'\n",
        server.base_url(),
        server.org()
    );
    std::fs::write(&config, text).unwrap();
    let state = home.path().join("state");
    let mut login = assert_cmd::Command::new(PROGRAM);
    login.env_clear().env("HOME", home.path()).env("XDG_STATE_HOME", &state);
    login.args(["login", "--profile", "work", "--config"]).arg(&config);
    login.write_stdin(server.token().to_owned()).assert().success();
    let arguments = ["--profile", "work", "--config", config.to_str().unwrap()];
    let variables = [("XDG_STATE_HOME", state.to_str().unwrap())];
    let mut terminal = Terminal::run(PROGRAM, &arguments, &variables);
    terminal.sees("Acme Ltd");
    terminal.sees("of ");
    terminal.presses("P");
    terminal.sees("Elsewhere Ltd");
    terminal.presses("Elsewhere\r");
    terminal.waits("the other organization", |screen| {
        screen.contents().starts_with("tidyfy  Elsewhere Ltd")
            || screen.contents().contains("no access token")
    });
    terminal.looks(|screen| assert!(!screen.contents().contains("no access token"), "{}", screen.contents()));
}

#[test]
fn jobs_can_still_be_undone_when_their_organization_is_entered_again() {
    let ground = Ground::new();
    let mut terminal = ground.open();
    terminal.presses("a");
    terminal.sees("y archive");
    terminal.presses("y");
    terminal.sees("archive finished: 1 done");
    terminal.presses("P");
    terminal.sees("Elsewhere Ltd");
    terminal.presses("calm\r");
    terminal.waits("the other organization", |screen| {
        screen.contents().starts_with("tidyfy  Elsewhere Ltd") && screen.contents().contains("Processes 8")
    });
    terminal.presses("P");
    terminal.sees("Acme Ltd");
    terminal.presses("Acme\r");
    terminal.waits("the first one again", |screen| {
        screen.contents().starts_with("tidyfy  Acme Ltd") && screen.contents().contains("u undo")
    });
    terminal.presses("u");
    terminal.sees("undoes job 1 (archive, ");
    terminal.sees("Restore 1 process in Acme Ltd");
}

/// A keyring may take its time; whoever waits for it can still leave.
#[cfg(target_os = "linux")]
#[test]
fn the_screen_goes_on_while_a_keyring_does_not_answer() {
    let ground = Ground::new();
    let text = std::fs::read_to_string(ground.config.path()).unwrap();
    std::fs::write(ground.config.path(), text.replace("keyring = false\n", "")).unwrap();
    // Whoever calls there is never answered.
    let address = ground.state.path().join("bus");
    let _bus = std::os::unix::net::UnixListener::bind(&address).unwrap();
    let mut terminal =
        ground.open_with(&[("DBUS_SESSION_BUS_ADDRESS", &format!("unix:path={}", address.display()))]);
    terminal.presses("P");
    terminal.sees("Elsewhere Ltd");
    terminal.presses("far\r");
    terminal.sees("going to `");
    let begun = std::time::Instant::now();
    terminal.presses("\u{1b}");
    terminal.waits("the list alone", |screen| !screen.contents().contains("far"));
    terminal.presses("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    assert!(begun.elapsed().as_secs() < 40, "it waited for the keyring: {:?}", begun.elapsed());
    terminal.is_restored();
}
