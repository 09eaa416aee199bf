//! Storing a token and removing it, against a sandbox and in files: no test reaches a real keyring.

use std::io::Write as _;

use super::bench::Bench;
use super::*;

#[cfg(target_os = "linux")]
#[test]
fn a_token_that_is_accepted_is_stored_and_can_be_removed() {
    let bench = Bench::new();
    let assert = bench.run("", &["login"], &format!("{}\n", bench.sandbox.token())).success();
    let said = stdout(&assert);
    assert!(said.starts_with("token of ") && said.contains(" accepted\nstored in the file `"), "{said}");
    assert!(!said.contains(bench.sandbox.token()) && stderr(&assert).is_empty(), "{said}");
    assert_eq!(bench.tokens(), [bench.sandbox.token()]);

    let said = stdout(&bench.run("", &["logout"], "").success());
    assert!(said.starts_with("token removed from the file `"), "{said}");
    assert_eq!(bench.tokens(), Vec::<String>::new());
    let said = stdout(&bench.run("", &["logout"], "").success());
    assert!(said.starts_with("no token was stored for http://127.0.0.1:"), "{said}");
}

#[test]
fn nothing_is_stored_that_was_not_accepted() {
    let bench = Bench::new();
    for (input, words) in [
        ("a-token-that-nobody-knows", "error: the token was not accepted by `127.0.0.1`: "),
        ("", "error: that is no token: "),
        ("two words", "error: that is no token: "),
    ] {
        let assert = bench.run("", &["login"], input).code(3).stdout("");
        let said = stderr(&assert);
        assert!(said.starts_with(words) && said.contains("\nhint: ") && !said.contains("nobody"), "{said}");
    }
    assert_eq!(bench.tokens(), Vec::<String>::new());
}

#[test]
fn a_server_that_cannot_be_reached_is_a_failure_and_nothing_is_stored() {
    let home = Home::new();
    let config = home.config("keyring = false\nbase_url = 'http://127.0.0.1:9/api'");
    let mut command = home.command();
    let assert = command.args(["login", "--config"]).arg(config).write_stdin(TOKEN).assert();
    let said = stderr(&assert.code(1).stdout(""));
    assert!(said.contains("could not be asked whose the token is") && !said.contains("sesame"), "{said}");
    assert!(!home.0.path().join("state").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn each_profile_has_a_token_of_its_own() {
    let bench = Bench::new();
    let profiles = "[profiles.work]\nread_only = true\n[profiles.other]\n";
    let token = bench.sandbox.token();
    bench.run(profiles, &["login", "--profile", "work"], token).success();
    let said = stdout(&bench.run(profiles, &["logout", "--profile", "other"], "").success());
    assert!(said.contains("and the profile `other`"), "{said}");
    assert_eq!(bench.tokens(), [token]);
    bench.run(profiles, &["login"], token).success();
    let assert = bench.run(profiles, &["logout", "--profile", "work"], "").success();
    assert!(stderr(&assert).starts_with("note: the file `"), "the base URL's own is still there");
    assert_eq!(bench.tokens(), [token]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_stronger_source_is_pointed_out() {
    let bench = Bench::new();
    let config = format!("keyring = false\nbase_url = '{}'", bench.sandbox.base_url());
    let config = bench.home.config(config);
    for (command, words) in [("login", "is stronger"), ("logout", "still holds a token")] {
        let mut run = bench.home.command();
        run.args([command, "--config"]).arg(&config).env("TALLYFY_API_TOKEN", "another");
        let said = stderr(&run.write_stdin(bench.sandbox.token()).assert().success());
        assert!(said.starts_with("note: `TALLYFY_API_TOKEN`") && said.contains(words), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_keyring_the_file_takes_its_place_and_that_is_said() {
    let bench = Bench::new();
    let url = bench.sandbox.base_url();
    let mut command = bench.home.command();
    let assert = command.args(["login", "--base-url", &url]).write_stdin(bench.sandbox.token()).assert();
    let said = stdout(&assert.success());
    assert!(said.contains("stored in the file `") && said.contains("did not take it: "), "{said}");
    assert_eq!(bench.tokens(), [bench.sandbox.token()]);
    let assert = bench.home.run(&["logout", "--base-url", &url]).success();
    assert!(stdout(&assert).starts_with("token removed from the file `"));
    assert!(stderr(&assert).starts_with("note: the keyring (Secret Service) was not asked: "));
}

/// A keyring that cannot be asked may hold a token: nobody can say that there is none.
#[cfg(target_os = "linux")]
#[test]
fn logout_does_not_say_that_there_is_no_token_where_it_could_not_look() {
    let home = Home::new();
    let assert = home.run(&["logout", "--base-url", "http://127.0.0.1:9/api"]).code(1).stdout("");
    let said = stderr(&assert);
    assert!(said.starts_with("error: the keyring (Secret Service) was not asked: "), "{said}");
    assert!(said.contains("\nhint: "), "{said}");
}

/// A bus on which nobody is let in, and so a keyring of which nobody knows what it holds.
#[cfg(target_os = "linux")]
#[test]
fn a_keyring_that_does_not_answer_is_a_problem_and_not_an_empty_one() {
    let home = Home::new();
    let address = home.0.path().join("bus");
    let bus = std::os::unix::net::UnixListener::bind(&address).unwrap();
    std::thread::spawn(move || {
        for caller in bus.incoming() {
            let mut lines = BufReader::new(caller.unwrap());
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|read| read > 0) {
                drop(lines.get_mut().write_all(b"REJECTED\r\n"));
                line.clear();
            }
        }
    });
    let run = |arguments: &[&str]| {
        let mut command = home.command();
        command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", address.display()));
        command.args(arguments).args(["--base-url", "http://127.0.0.1:9/api"]).assert()
    };
    let page = stdout(&run(&["doctor"]).code(3));
    assert!(page.contains("did not tell the token: "), "{page}");
    assert!(page.contains("is there and did not answer: "), "{page}");
    let said = stderr(&run(&["logout"]).code(1).stdout(""));
    assert!(said.starts_with("error: the keyring (Secret Service) was not asked: "), "{said}");
}

#[test]
fn they_take_no_flag_that_cancel_nothing_to_them() {
    let home = Home::new();
    for command in ["login", "logout"] {
        for flag in [&["--org", ORG][..], &["--read-only"], &["--kind", "tags"], &["--log-level", "info"]] {
            let arguments: Vec<_> = [command].iter().chain(flag).copied().collect();
            let said = stderr(&home.run(&arguments).code(2).stdout(""));
            assert!(said.starts_with(&format!("error: `{command}` takes no `--")), "{said}");
        }
    }
}
