//! What the system around the terminal offers: programs that take a clipboard's text, programs that open an address.
//!
//! Owns which of them are tried, in which order, for a set of variables. Must not know how a program is run.

use serde::Deserialize;

/// By which way a text gets into the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum ClipboardMethod {
    /// By a program of the system where there is one and the screen is on this machine, else by the terminal.
    #[default]
    Auto,
    /// Always by the terminal.
    Terminal,
    /// By a program of the system wherever there is one.
    System,
}

/// What stands for the address in the command of a browser.
const ADDRESS: &str = "%s";

/// A program with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its name, looked up in `PATH`, or its path.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl Program {
    fn new(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace().map(str::to_owned);
        Some(Self { name: words.next()?, arguments: words.collect() })
    }

    /// The program on `address`, which stands where the arguments have a place for it, else behind them.
    #[must_use]
    pub fn on(&self, address: &str) -> Self {
        let mut program = self.clone();
        if program.arguments.iter().any(|argument| argument.contains(ADDRESS)) {
            program.arguments.iter_mut().for_each(|argument| *argument = argument.replace(ADDRESS, address));
        } else {
            program.arguments.push(address.to_owned());
        }
        program
    }
}

/// The programs that are there for us. By default there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desktop {
    /// What takes a text on its standard input, the likeliest first.
    pub copiers: Vec<Program>,
    /// What opens an address, the likeliest first.
    pub openers: Vec<Program>,
    /// Whether the config wants a program where there is none.
    pub misses_copier: bool,
}

impl Desktop {
    /// What `system` (as Rust calls it) offers with these variables, none of them empty.
    #[must_use]
    pub fn of(clipboard: ClipboardMethod, system: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name| variable(name).is_some_and(|value| !value.trim().is_empty());
        let is_remote = is_set("SSH_TTY") || is_set("SSH_CONNECTION");
        let is_mac = system == "macos";
        let copiers = [
            (is_mac, "pbcopy"),
            (is_set("WAYLAND_DISPLAY"), "wl-copy"),
            (is_set("DISPLAY"), "xclip -selection clipboard"),
            (is_set("DISPLAY"), "xsel --clipboard --input"),
            (is_set("WSL_DISTRO_NAME"), "clip.exe"),
        ];
        let wants_copier = match clipboard {
            ClipboardMethod::Auto => !is_remote,
            ClipboardMethod::Terminal => false,
            ClipboardMethod::System => true,
        };
        let there = copiers.iter().filter(|(there, _)| *there && wants_copier);
        let copiers: Vec<Program> = there.filter_map(|(_, line)| Program::new(line)).collect();
        let browsers = variable("BROWSER").unwrap_or_default();
        let system_opener = if is_mac { "open" } else { "xdg-open" };
        let openers = browsers.split(':').chain([system_opener]).filter_map(Program::new);
        Self {
            misses_copier: clipboard == ClipboardMethod::System && copiers.is_empty(),
            copiers,
            openers: if is_remote { Vec::new() } else { openers.collect() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(programs: &[Program]) -> Vec<&str> {
        programs.iter().map(|program| program.name.as_str()).collect()
    }

    fn desktop(clipboard: ClipboardMethod, system: &str, set: &[(&str, &str)]) -> Desktop {
        let value = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
        Desktop::of(clipboard, system, value)
    }

    #[test]
    fn programs_are_those_of_the_system_and_its_screen() {
        let of = |system, set| desktop(ClipboardMethod::Auto, system, set);
        assert_eq!(names(&of("macos", &[]).copiers), ["pbcopy"]);
        assert_eq!(names(&of("linux", &[]).copiers), [""; 0]);
        let both = [("WAYLAND_DISPLAY", "wayland-0"), ("DISPLAY", ":0")];
        assert_eq!(names(&of("linux", &both).copiers), ["wl-copy", "xclip", "xsel"]);
        assert_eq!(names(&of("linux", &[("WSL_DISTRO_NAME", "Ubuntu")]).copiers), ["clip.exe"]);
        assert_eq!(names(&of("linux", &[("DISPLAY", " ")]).copiers), [""; 0], "an empty variable is unset");
        assert_eq!(
            names(&of("linux", &[("BROWSER", "firefox -new-tab:w3m")]).openers),
            ["firefox", "w3m", "xdg-open"]
        );
        assert_eq!(names(&of("macos", &[]).openers), ["open"]);
    }

    #[test]
    fn over_ssh_the_terminal_copies_and_nothing_is_opened() {
        let ssh = [("DISPLAY", ":0"), ("SSH_TTY", "/dev/pts/1")];
        let remote = desktop(ClipboardMethod::Auto, "linux", &ssh);
        assert_eq!((names(&remote.copiers), names(&remote.openers)), (vec![], vec![]));
        assert_eq!(names(&desktop(ClipboardMethod::System, "linux", &ssh).copiers), ["xclip", "xsel"]);
        assert!(desktop(ClipboardMethod::System, "linux", &[]).misses_copier);
        assert_eq!(names(&desktop(ClipboardMethod::Terminal, "macos", &[]).copiers), [""; 0]);
    }

    #[test]
    fn an_address_is_one_argument_whatever_it_holds() {
        let address = "https://x/'; rm -rf ~ '";
        let plain = Program::new("firefox -new-tab").unwrap().on(address);
        assert_eq!(plain.arguments, ["-new-tab", address]);
        let placed = Program::new("sh-browser --url=%s --quiet").unwrap().on(address);
        assert_eq!(placed.arguments, [&format!("--url={address}"), "--quiet"]);
    }
}
