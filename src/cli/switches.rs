//! `event-grpc switches`: checks a switch file before a server reads it.

use std::path::PathBuf;

use super::{one_line, say};
use crate::generated::PIPELINE;
use crate::reread;
use crate::switches::{self, LARGEST};

/// Work with the switch file of `serve`: event types, clients, sources and versions of apps that are refused for now.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(Check),
}

/// Check a file, and say what each of its switches does. Exit status 1 if a server wouldn't take it.
#[derive(Debug, clap::Args)]
struct Check {
    /// The file.
    file: PathBuf,
}

/// Runs the command; false if the file can't be used.
pub(super) fn run(args: &Args) -> anyhow::Result<bool> {
    let Command::Check(Check { file }) = &args.command;
    let shown = file.display();
    let text =
        reread::content(file, LARGEST).map_err(|error| anyhow::anyhow!("{shown}: {error}"))?;
    let tell = |line: usize, what: &str| say(&one_line(&format!("{shown}:{line}: {what}")));
    match switches::check(&text, &PIPELINE) {
        Ok(checked) => {
            for odd in &checked.odd {
                tell(odd.line, &format!("no effect: {}", odd.what));
            }
            for (name, words) in &checked.switches {
                say(&one_line(&format!("{name}  {words}")));
            }
            if checked.switches.is_empty() {
                say("no switch: nothing is refused");
            }
            Ok(true)
        }
        Err(wrong) => {
            for one in &wrong {
                tell(one.line, &one.what);
            }
            Ok(false)
        }
    }
}
