//! A home without anything in it, and a sandbox beside it.

use tidyfy::sandbox::{Sandbox, SandboxSettings};

use super::*;

/// What a test runs the program against; the sandbox answers while the test waits for the program.
pub(super) struct Bench {
    pub(super) home: Home,
    pub(super) sandbox: Sandbox,
    _runtime: tokio::runtime::Runtime,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(SandboxSettings::default())
    }

    pub(super) fn with(settings: SandboxSettings) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sandbox = runtime.block_on(Sandbox::start(settings)).unwrap();
        Self { home: Home::new(), sandbox, _runtime: runtime }
    }

    /// Runs a command with a config that switches the keyring off and holds `more`.
    pub(super) fn run(&self, config: &str, arguments: &[&str], input: &str) -> Assert {
        let text = format!("keyring = false\nbase_url = '{}'\n{config}", self.sandbox.base_url());
        let config = self.home.config(text);
        let mut command = self.home.command();
        command.args(arguments).arg("--config").arg(config).write_stdin(input).assert()
    }

    pub(super) fn tokens(&self) -> Vec<String> {
        let Ok(found) = std::fs::read_dir(self.home.0.path().join("state/tidyfy/tokens")) else {
            return Vec::new();
        };
        found.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
    }
}
