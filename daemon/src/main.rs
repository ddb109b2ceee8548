//! The one binary: the daemon and the commands that talk to it.

use std::process::ExitCode;

fn main() -> ExitCode {
    orchestra::cli::main()
}
