//! A sandbox in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use color_eyre::eyre::{ContextCompat as _, Result, WrapErr as _, bail};
use tempfile::TempDir;

/// The built-in server, which is always this build's, whatever program is measured.
const SERVER: &str = env!("CARGO_BIN_EXE_tidyfy");
/// How long each answer is held back.
const LATENCY: &str = "50";

/// A running sandbox; it ends with this.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    directory: TempDir,
    pub(crate) base_url: String,
    pub(crate) organization: String,
    pub(crate) token: String,
}

impl Server {
    /// One that limits nothing.
    pub(crate) fn unlimited(scale: usize) -> Result<Self> {
        Self::start(scale, "off")
    }

    /// One that keeps the documented limits.
    pub(crate) fn documented(scale: usize) -> Result<Self> {
        Self::start(scale, "documented")
    }

    fn start(scale: usize, limits: &str) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut child = Command::new(SERVER)
            .args(["sandbox", "--latency-ms", LATENCY, "--limits", limits, "--scale", &scale.to_string()])
            .arg("--log")
            .arg(log(&directory))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .wrap_err_with(|| format!("could not start the sandbox, `{SERVER}`"))?;
        let output = child.stdout.take().wrap_err("the sandbox has no output")?;
        let mut line = String::new();
        let read = BufReader::new(output).read_line(&mut line);
        let said = |name: &str| {
            let mut words = line.split_whitespace();
            words.find_map(|word| word.strip_prefix(name)).map(str::to_owned)
        };
        let told = (read, said("http://"), said("org="), said("token="));
        let (Ok(_), Some(address), Some(organization), Some(token)) = told else {
            drop(child.kill());
            drop(child.wait());
            bail!("the sandbox did not say where it listens, but: {line:?}");
        };
        Ok(Self { child, directory, base_url: format!("http://{address}"), organization, token })
    }

    /// Every request that was answered so far, in the order of the answers.
    pub(crate) fn log(&self) -> Result<String> {
        std::fs::read_to_string(log(&self.directory)).wrap_err("could not read the sandbox's log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn log(directory: &TempDir) -> PathBuf {
    directory.path().join("requests.json")
}
