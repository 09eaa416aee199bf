//! The process edge.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tidyfy::cli::sandbox::{SandboxArgs, SandboxError, run};

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a Tallyfy-compatible server on loopback
    Sandbox(SandboxArgs),
}

#[tokio::main]
async fn main() -> Result<ExitCode, SandboxError> {
    let Command::Sandbox(arguments) = Arguments::parse().command;
    run(arguments).await
}
