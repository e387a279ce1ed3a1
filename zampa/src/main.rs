//! Starts Zampa.

use std::process::ExitCode;

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
    match zampa::cli::run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            // Each cause adds what it knows; none repeats its source.
            eprintln!("zampa: {error:#}");
            ExitCode::from(2)
        }
    }
}
