//! What the system tells of a process, a file and this machine. Linux tells it in `/proc`; elsewhere there is no figure.

use std::fs;
use std::path::Path;

use color_eyre::eyre::{ContextCompat as _, Result, WrapErr as _};

/// The resident memory of a process, in MiB.
pub(crate) fn resident(pid: u32) -> Result<f64> {
    let kib = number(&fs::read_to_string(format!("/proc/{pid}/status"))?, "VmRSS:");
    Ok(kib.wrap_err("the system does not tell the resident memory")? / 1024.0)
}

/// How often the threads of a process have gone to sleep by themselves, which is how often they were woken.
pub(crate) fn wakes(pid: u32) -> Result<f64> {
    let mut sum = 0.0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while its siblings are read.
        let status = fs::read_to_string(task?.path().join("status")).unwrap_or_default();
        sum += number(&status, "voluntary_ctxt_switches:").unwrap_or_default();
    }
    Ok(sum)
}

/// The first number after `label` at the start of a line.
fn number(text: &str, label: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(label))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The size of a file in units of 1,000,000 bytes.
pub(crate) fn megabytes(path: &Path) -> Result<f64> {
    let file = fs::metadata(path).wrap_err_with(|| format!("could not look at `{}`", path.display()))?;
    Ok(file.len() as f64 / 1e6)
}

/// The machine, in a line.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let model = model.map_or(String::new(), |model| format!(" of {model}"));
    format!("{cores} cores{model}, {} {}", std::env::consts::OS, std::env::consts::ARCH)
}
