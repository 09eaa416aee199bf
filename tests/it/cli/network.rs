//! Who is to blame when the server is not reached: proxies, certificates, name lookup, as `doctor` says it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::doctor::{line, says};
use super::*;

/// A host that only a proxy reaches.
const API: &str = "https://api.example.test/api";
const PASSWORD: &str = "hunter2";

/// Runs `doctor` on `base_url` with these variables. It never prints the token or the password of a proxy.
fn doctor(base_url: &str, variables: &[(&str, String)], code: i32) -> String {
    let home = Home::new();
    let mut command = home.command();
    command.args(["doctor", "--org", ORG, "--base-url", base_url]).env("TALLYFY_ACCESS_TOKEN", TOKEN);
    variables.iter().for_each(|(name, value)| {
        command.env(name, value);
    });
    let assert = command.assert();
    let page = stdout(&assert);
    assert_eq!(assert.get_output().status.code(), Some(code), "{page}{}", stderr(&assert));
    let all = format!("{page}{}", stderr(&assert));
    assert!(![TOKEN, PASSWORD, "proxyuser"].iter().any(|secret| all.contains(secret)), "{all}");
    page
}

/// Answers each connection by calling `answer` with it.
fn listening(answer: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

/// Reads up to the end of a request's head.
fn head(stream: &mut impl Read) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

/// A proxy that answers every request for a tunnel with `answer`, then ends the connection.
fn proxy(answer: &'static [u8]) -> SocketAddr {
    listening(move |mut stream| {
        head(&mut stream);
        drop(stream.write_all(answer));
    })
}

/// A proxy that connects everything to `there`.
fn tunnel(there: SocketAddr) -> SocketAddr {
    listening(move |mut here| {
        head(&mut here);
        here.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        let mut there = TcpStream::connect(there).unwrap();
        let (mut from, mut to) = (here.try_clone().unwrap(), there.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        thread::spawn(move || std::io::copy(&mut there, &mut here));
    })
}

/// An authority, and its certificate as a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: tempfile::NamedTempFile,
}

impl Authority {
    fn new() -> Self {
        Self::called("Acme Authority")
    }

    fn called(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(issuer.pem().as_bytes()).unwrap();
        Self { issuer, file }
    }

    fn path(&self) -> String {
        self.file.path().display().to_string()
    }

    /// A server with a certificate for `name` that is valid in these years. It knows everybody.
    fn server(&self, name: &str, (from, to): (i32, i32)) -> SocketAddr {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        listening(move |stream| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(connection, stream);
            if head(&mut stream).is_empty() {
                return;
            }
            let body = r#"{"data":{"id":7,"full_name":"Ana","name":"Acme","role":"admin"}}"#;
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            drop(write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
            drop(stream.flush());
        })
    }
}

const NOW: (i32, i32) = (2020, 2099);

#[test]
fn proxy_that_fails_is_named_with_its_variable_and_without_its_password() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let asks = proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    let refuses = proxy(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    let forbids = proxy(b"HTTP/1.1 403 Forbidden\r\n\r\n");
    let closes = proxy(b"");
    let is_none = proxy(b"SSH-2.0-OpenSSH_9.6\r\n");
    for (address, words) in [
        (free, "refused the connection"),
        (asks, "does not accept the user name and password in `HTTPS_PROXY`"),
        (refuses, "did not connect to `api.example.test`"),
        (forbids, "did not connect to `api.example.test`"),
        (closes, "closed the connection before it had connected to `api.example.test`"),
        (is_none, "did not connect to `api.example.test`"),
    ] {
        let value = format!("http://proxyuser:{PASSWORD}@{address}");
        let page = doctor(API, &[("HTTPS_PROXY", value)], 1);
        let named = format!("the proxy `http://{address}` (`HTTPS_PROXY`)");
        says(&page, "proxy", "ok", &[&named, "with a user name or a password"]);
        says(&page, "who", "FAIL", &[&format!("{named} {words}"), "`HTTPS_PROXY"]);
        assert!(!line(&page, "who").contains("base URL"), "the API is not to blame:\n{page}");
    }
    // Without credentials it is another fault.
    let page = doctor(API, &[("https_proxy", asks.to_string())], 1);
    let named = format!("the proxy `http://{asks}` (`https_proxy`) asks for a user name and password");
    says(&page, "who", "FAIL", &[&named, "https_proxy=http://USER:PASSWORD@host:port"]);
    // Without encryption the answer is the proxy's own.
    let page = doctor("http://api.example.test/api", &[("HTTP_PROXY", asks.to_string())], 2);
    says(&page, "base URL", "FAIL", &["unencrypted"]);
}

#[test]
fn name_that_is_not_found_is_that_of_the_proxy_or_of_the_server() {
    let page = doctor(API, &[("ALL_PROXY", "http://proxy.invalid:3128".into())], 1);
    let named = "the name of the proxy `http://proxy.invalid:3128` (`ALL_PROXY`) could not be looked up";
    says(&page, "who", "FAIL", &[named, "check `ALL_PROXY`"]);
    let page = doctor("https://api.invalid/api", &[], 1);
    says(&page, "proxy", "ok", &["none is set"]);
    says(&page, "who", "FAIL", &["the name `api.invalid` could not be looked up"]);
    let variables = [("HTTPS_PROXY", "http://proxy.invalid".into()), ("NO_PROXY", ".invalid".into())];
    let page = doctor("https://api.invalid/api", &variables, 1);
    says(&page, "proxy", "ok", &["`NO_PROXY` excepts the host"]);
    says(&page, "who", "FAIL", &["the name `api.invalid` could not be looked up"]);
}

#[test]
fn unusable_variable_is_refused_before_anything_is_sent() {
    for (value, words) in [
        (format!("socks5://proxyuser:{PASSWORD}@127.0.0.1:1080"), "names a proxy that speaks `socks5`"),
        (format!("http://proxyuser:{PASSWORD}@"), "is not the address of a proxy"),
    ] {
        let page = doctor(API, &[("HTTPS_PROXY", value)], 2);
        says(&page, "proxy", "FAIL", &["`HTTPS_PROXY`", words]);
    }
    let folder = tempfile::tempdir().unwrap();
    let [missing, empty, directory] = ["missing.pem", "empty.pem", ""].map(|name| folder.path().join(name));
    std::fs::write(&empty, "").unwrap();
    for (path, words) in [
        (missing, "there is no such file"),
        (empty, "contains no certificate"),
        (directory, "it is not a file"),
    ] {
        let page = doctor(API, &[("SSL_CERT_FILE", path.display().to_string())], 2);
        says(&page, "certificates", "FAIL", &["`SSL_CERT_FILE`", words]);
        assert!(page.contains(&path.display().to_string()), "{page}");
    }
}

#[test]
fn authority_of_a_file_is_trusted_and_others_are_named_as_unknown() {
    let (authority, other) = (Authority::new(), Authority::new());
    let server = authority.server("localhost", NOW);
    let base_url = format!("https://localhost:{}/api", server.port());
    let page = doctor(&base_url, &[("SSL_CERT_FILE", authority.path())], 0);
    says(&page, "certificates", "ok", &["1 in `", "from `SSL_CERT_FILE`"]);
    says(&page, "who", "ok", &["Ana"]);

    let unknown = "the certificate of `localhost` is signed by an authority that is unknown here";
    let page = doctor(&base_url, &[("SSL_CERT_FILE", other.path())], 1);
    let hint = format!("`SSL_CERT_FILE` names `{}`: add the certificate", other.path());
    says(&page, "who", "FAIL", &[unknown, &hint]);
    // Both in one file, with something between that is none.
    let mut both = other.file.reopen().unwrap();
    both.read_to_end(&mut Vec::new()).unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    write!(both, "\n{broken}{}", authority.issuer.pem()).unwrap();
    says(&doctor(&base_url, &[("SSL_CERT_FILE", other.path())], 0), "certificates", "ok", &["2 in `"]);

    // A company's proxy that looks into the connection.
    let inspected = authority.server("api.example.test", NOW);
    let proxy = tunnel(inspected).to_string();
    let unknown = "the certificate of `api.example.test` is signed by an authority that is unknown here";
    let variables = [("HTTPS_PROXY", proxy.clone()), ("SSL_CERT_FILE", Authority::new().path())];
    let page = doctor(API, &variables, 2);
    says(&page, "certificates", "FAIL", &["there is no such file"]);
    let third = Authority::called("Another Authority");
    let variables = [("HTTPS_PROXY", proxy.clone()), ("SSL_CERT_FILE", third.path())];
    let through = format!("reached through the proxy `http://{proxy}` (`HTTPS_PROXY`)");
    says(&doctor(API, &variables, 1), "who", "FAIL", &[unknown, &through]);
    let variables = [("HTTPS_PROXY", proxy), ("SSL_CERT_FILE", authority.path())];
    says(&doctor(API, &variables, 0), "who", "ok", &["Ana"]);
}

#[test]
fn certificate_that_does_not_fit_says_why() {
    let authority = Authority::new();
    let plain = listening(|mut stream| drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")));
    let closing = listening(drop);
    for (server, words, hint) in [
        (
            authority.server("localhost", (2020, 2021)),
            "has expired on 2021-01-01",
            "the clock of this machine says 2",
        ),
        (
            authority.server("localhost", (2090, 2099)),
            "is not valid before 2090-01-01",
            "the clock of this machine says 2",
        ),
        (authority.server("other.example", NOW), "is for another name: other.example", "check the base URL"),
        (plain, "`localhost` does not speak TLS there", "check scheme and port"),
        (closing, "`localhost` ", "hint: "),
    ] {
        let base_url = format!("https://localhost:{}/api", server.port());
        let page = doctor(&base_url, &[("SSL_CERT_FILE", authority.path())], 1);
        says(&page, "who", "FAIL", &[words, hint]);
        let library =
            ["rustls", "InvalidCertificate", "UnknownIssuer", "os error", "peer", "corrupt message"];
        assert!(!library.iter().any(|word| line(&page, "who").contains(word)), "{page}");
    }
}

#[test]
fn token_organization_and_address_lose_what_was_copied_along() {
    let bench = bench::Bench::new();
    let (token, org, url) = (bench.sandbox.token(), bench.sandbox.org(), bench.sandbox.base_url());
    for wrap in [
        |text: &str| format!("\"{text}\""),
        |text: &str| format!("'{text}'"),
        |text: &str| format!("\u{feff}{text}\r\n"),
        |text: &str| format!("  `{text}` "),
        |text: &str| format!("\u{201c}{text}\u{201d}"),
    ] {
        let mut command = bench.home.command();
        command.args(["doctor"]).env("TALLYFY_ACCESS_TOKEN", wrap(token));
        command.env("TALLYFY_ORG_ID", wrap(org)).env("TALLYFY_BASE_URL", wrap(&url));
        let page = stdout(&command.assert().success());
        says(&page, "organization", "ok", &["Acme Ltd"]);
        let mut command = bench.home.command();
        command.args(["doctor", "--org", &wrap(org), "--base-url", &wrap(&url)]);
        let page = stdout(&command.env("TALLYFY_API_TOKEN", format!("Bearer {token}")).assert().success());
        says(&page, "organization", "ok", &["Acme Ltd"]);
        let config = format!("keyring = false\nbase_url = '''{}'''\norg = '''{}'''\n", wrap(&url), wrap(org));
        let config = bench.home.config(config);
        let mut command = bench.home.command();
        command.args(["doctor", "--config"]).arg(config).env("TALLYFY_ACCESS_TOKEN", wrap(token));
        says(&stdout(&command.assert().success()), "organization", "ok", &["Acme Ltd"]);
        let assert = bench.run("", &["login"], &wrap(token)).success();
        assert!(stdout(&assert).contains(" accepted\n"));
        assert_eq!(bench.tokens(), [token]);
        bench.run("", &["logout"], "").success();
    }
    let mut command = bench.home.command();
    command.args(["doctor"]).env("TALLYFY_ACCESS_TOKEN", "\"sesame open\"");
    says(&stdout(&command.assert().code(3)), "token", "FAIL", &["holds no token", "without quotes"]);
}

/// A bus that takes every connection and never answers, as of a keyring that waits for a person.
#[cfg(target_os = "linux")]
fn silent_bus(home: &Home) -> String {
    let address = home.0.path().join("bus");
    let bus = std::os::unix::net::UnixListener::bind(&address).unwrap();
    thread::spawn(move || {
        let mut kept = Vec::new();
        bus.incoming().for_each(|caller| kept.push(caller));
    });
    format!("unix:path={}", address.display())
}

#[cfg(target_os = "linux")]
#[test]
fn keyring_that_is_waited_for_is_named_and_can_be_left() {
    const NAMED: &str = "waiting for the keyring (Secret Service)   Esc cancel";
    for (arguments, key, code) in [
        (vec!["--base-url", "http://127.0.0.1:9/api", "--org", ORG], "\u{1b}", 3),
        (vec!["--base-url", "http://127.0.0.1:9/api", "--org", ORG], "\u{3}", 130),
        (vec!["doctor", "--base-url", "http://127.0.0.1:9/api"], "\u{1b}", 1),
        (vec!["doctor", "--base-url", "http://127.0.0.1:9/api"], "\u{3}", 130),
        (vec!["logout", "--base-url", "http://127.0.0.1:9/api"], "\u{1b}", 1),
        (vec!["logout", "--base-url", "http://127.0.0.1:9/api"], "\u{3}", 130),
    ] {
        let home = Home::new();
        let bus = silent_bus(&home);
        let size = PtySize { rows: 24, cols: 120, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(BINARY);
        command.env_clear();
        home.variables().iter().for_each(|(name, value)| command.env(name, value));
        command.env("DBUS_SESSION_BUS_ADDRESS", &bus);
        command.env("TERM", "xterm-256color");
        command.args(&arguments);
        let mut child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let mut writer = pair.master.take_writer().unwrap();
        let (mut seen, mut bytes) = (String::new(), [0; 4096]);
        while !seen.contains(NAMED) {
            match reader.read(&mut bytes) {
                Ok(n) if n > 0 => seen.push_str(&String::from_utf8_lossy(&bytes[..n])),
                _ => panic!("{arguments:?} ended before it said what it waits for:\n{seen}"),
            }
        }
        writer.write_all(key.as_bytes()).unwrap();
        let reading = thread::spawn(move || {
            let mut rest = Vec::new();
            drop(reader.read_to_end(&mut rest));
            String::from_utf8_lossy(&rest).into_owned()
        });
        let status = child.wait().unwrap();
        let rest = reading.join().unwrap();
        assert_eq!(status.exit_code(), code, "{arguments:?} {key:?}:\n{seen}{rest}");
    }
}

/// Without a terminal it is said on standard error.
#[cfg(target_os = "linux")]
#[test]
fn keyring_that_is_waited_for_is_named_without_a_terminal() {
    let home = Home::new();
    let bus = silent_bus(&home);
    let mut command = std::process::Command::new(BINARY);
    command.env_clear().envs(home.variables()).env("DBUS_SESSION_BUS_ADDRESS", bus);
    command.args(["logout", "--base-url", "http://127.0.0.1:9/api"]);
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "waiting for the keyring (Secret Service)\n");
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
