//! Profiles and organizations in a real terminal: where one goes, by whose token, and on what terms.

use tidyfy::sandbox::{Sandbox, Settings};

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
        let start =
            |seed| runtime.block_on(Sandbox::start(Settings { seed, ..Settings::default() })).unwrap();
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
        let arguments = ["--config", self.config.path().to_str().unwrap()];
        let variables = [
            ("TALLYFY_ACCESS_TOKEN", self.servers[0].token()),
            ("XDG_STATE_HOME", self.state.path().to_str().unwrap()),
        ];
        let mut terminal = Terminal::run(PROGRAM, &arguments, &variables);
        terminal.sees("Acme Ltd");
        terminal.sees("of ");
        terminal
    }
}

#[test]
fn a_profile_is_gone_to_on_its_own_terms_and_shows_its_colour() {
    let ground = Ground::new();
    let mut terminal = ground.open();
    terminal.presses("P");
    terminal.sees("Elsewhere Ltd");
    terminal.presses("calm\r");
    terminal.waits("the profile", |screen| {
        screen.contents().starts_with("tidyfy  Elsewhere Ltd  calm  READ-ONLY")
            && screen.contents().contains("Processes 8")
    });
    let colour = terminal.looks(|screen| screen.cell(0, 8).unwrap().fgcolor());
    assert_eq!(colour, vt100::Color::Idx(2));
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
