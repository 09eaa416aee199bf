//! Where secrets, files and words go wrong, as far as it shows from outside.

use tidyfy::sandbox::{Sandbox, Settings};

use crate::pty::{PROGRAM, Terminal};

/// A keyring that cannot be asked may hold a token: nobody can say that there is none.
#[test]
fn logout_does_not_say_that_there_is_no_token_where_it_could_not_look() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(&config, "base_url = 'http://127.0.0.1:9/api'\n").unwrap();
    let mut command = assert_cmd::Command::new(PROGRAM);
    command.env_clear().env("HOME", home.path()).env("XDG_STATE_HOME", home.path().join("state"));
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent");
    let output = command.args(["logout", "--config"]).arg(&config).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let noted = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(noted.contains("was not asked"), "{said}{noted}");
    assert!(!said.contains("no token was stored"), "{said}{noted}");
    assert!(!output.status.success(), "what may be left was not removed: {said}{noted}");
}

/// The other organizations that are offered are those of the person whose token is in use.
#[test]
fn another_organization_of_the_person_is_entered_by_the_token_in_use() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Sandbox::start(Settings::default())).unwrap();
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

/// A program that takes a text for the clipboard has no use for the token.
#[cfg(target_os = "linux")]
#[test]
fn no_other_program_inherits_the_token() {
    use std::os::unix::fs::PermissionsExt;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Sandbox::start(Settings::default())).unwrap();
    let home = tempfile::tempdir().unwrap();
    let (config, seen) = (home.path().join("config.toml"), home.path().join("seen"));
    let text = format!("keyring = false\nbase_url = '{}'\norg = '{}'\n", server.base_url(), server.org());
    std::fs::write(&config, text).unwrap();
    let copier = home.path().join("wl-copy");
    std::fs::write(&copier, format!("#!/bin/sh\nenv > '{0}.part'\nmv '{0}.part' '{0}'\n", seen.display()))
        .unwrap();
    std::fs::set_permissions(&copier, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", home.path().display());
    let state = home.path().join("state");
    let variables = [
        ("TALLYFY_ACCESS_TOKEN", server.token()),
        ("XDG_STATE_HOME", state.to_str().unwrap()),
        ("WAYLAND_DISPLAY", "wayland-0"),
        ("PATH", path.as_str()),
    ];
    let mut terminal = Terminal::run(PROGRAM, &["--config", config.to_str().unwrap()], &variables);
    terminal.sees("Acme Ltd");
    terminal.sees("of ");
    terminal.presses("y");
    terminal.sees("copied the id (system clipboard)");
    let inherited = std::fs::read_to_string(&seen).unwrap();
    assert!(inherited.contains("WAYLAND_DISPLAY") && !inherited.contains(server.token()), "{inherited}");
}

/// Whoever pastes the token again while the first one is still being checked does not see it on the screen.
#[test]
fn a_token_that_is_pasted_while_another_one_is_checked_is_not_echoed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let latency = std::time::Duration::from_secs(2);
    let server = runtime.block_on(Sandbox::start(Settings { latency, ..Settings::default() })).unwrap();
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("config.toml");
    std::fs::write(&config, format!("keyring = false\nbase_url = '{}'\n", server.base_url())).unwrap();
    let state = home.path().join("state");
    let variables = [("XDG_STATE_HOME", state.to_str().unwrap())];
    let mut terminal = Terminal::run(PROGRAM, &["--config", config.to_str().unwrap()], &variables);
    terminal.sees("token for 127.0.0.1: ");
    terminal.presses("not-the-token\r");
    // The question has been answered: its line has ended.
    terminal.waits("the check", |screen| screen.cursor_position().1 == 0);
    terminal.presses(server.token());
    terminal.sees("was not accepted");
    let seen = terminal.looks(vt100::Screen::contents);
    assert!(!seen.contains(server.token()), "{seen}");
}
