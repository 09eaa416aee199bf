//! What keeps the memory of the process, which holds the token, from other programs.
//!
//! No core file is written of it. On Linux the process is also not dumpable, which changes more: no program of the same
//! user can attach to it or read its memory (`gdb -p`, `strace -p`, `perf`), and the files of `/proc/PID` belong to root, so
//! that only root sees its environment, open files and memory map. What `ps` and `top` show stays readable. Programs that
//! tidyfy starts, such as a browser, are dumpable again; their soft limit for core files is 0, and they may raise it.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Keeps the memory of this process from being dumped or read. Where the system does not allow that, it goes on without:
/// there is nothing a person could do about it.
pub(super) fn protect_memory() {
    let limit = getrlimit(Resource::Core);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..limit });
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
