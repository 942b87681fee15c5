//! `cargo xtask`: the project's own commands.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "these commands talk to a person at a terminal"
)]

mod ask;
mod bench;
mod build;
mod chaos;
mod clients;
mod codegen;
mod deploy;
mod ground;
mod http;
mod libraries;
mod memory;
mod mutations;
mod package;
mod plan;
mod publish;
mod scale;
mod services;
mod siege;
mod soak;
mod test;
mod tree;
mod walk;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Cli {
    /// The folder of the project that `codegen`, `plan`, `mutations` and `bench codegen` are about; by default the one that
    /// these commands were built in
    #[arg(long, value_name = "DIR", global = true)]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write generated/ and migrations/ from proto/ and pipeline.yaml
    Codegen {
        /// Write nothing; show the difference and fail if there is one
        #[arg(long)]
        check: bool,
        /// What is released: a commit, or `none`; by default the last commit that the main branch has as well
        #[arg(long, value_name = "REV")]
        base: Option<String>,
        /// Write what is wrong to this file, too, as SARIF 2.1.0 for tools of code review
        #[arg(long, value_name = "FILE")]
        sarif: Option<PathBuf>,
    },
    /// Start RabbitMQ, PostgreSQL and ClickHouse for the tests, print the environment to use, run until Ctrl-C
    Services,
    /// Start the same services, run `cargo test --workspace` against them, stop them; without arguments then a short
    /// `chaos` and `siege`, and the client libraries. `test clients [LIBRARY...] [--faults[=EVENTS]]` tests the client libraries instead
    Test {
        /// Install Chromium for the tests of web pages, and at the end run `chaos` and `siege` for minutes instead of half a
        /// minute, and `walk`
        #[arg(long)]
        full: bool,
        /// Run a few tests that fail once more, one at a time; those that pass then are told and don't fail the run
        #[arg(long)]
        retry: bool,
        /// The release of RabbitMQ: 4.0 or 4.3, which is fetched from Debian into the user's cache; by default the one that is
        /// installed
        #[arg(long, value_name = "VERSION")]
        rabbitmq: Option<String>,
        /// Passed on to `cargo test`, for example `--test it tidy`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Measure the whole pipeline with a release build, RabbitMQ and ClickHouse on this machine
    Bench(bench::Args),
    /// Break the servers at random under a load of events, and check that no event is lost
    Chaos(chaos::Args),
    /// Break the servers one after another under a load, and check which of the generated alerts fire in a real Prometheus
    Alerts(chaos::alerts::Args),
    /// Take ClickHouse down for minutes under a load of events, and check that memory stays flat and nothing is lost
    Outage(chaos::outage::Args),
    /// Replace instances of another revision by this one and back under a load that repeats each request, and check
    /// that no event is lost or doubled
    Upgrade(chaos::upgrade::Args),
    /// Send every kind of hostile input at random beside valid events, and check that it harms nothing but itself
    Siege(siege::Args),
    /// Load a server evenly for an hour, and check that its memory, handles and threads stay flat and nothing is lost
    Soak(soak::Args),
    /// Show what the change of the declarations does: what it adds, changes and retires, whom it can hurt, and in which
    /// order to deploy
    Plan(plan::Args),
    /// Build what registries take of the client libraries, in target/publish
    Publish(publish::Args),
    /// Build what is installed: a Debian package and the chart, in target/package
    Package(package::Args),
    /// Hold deploy/ and the pipelines to the rules of their own tools, which are installed below target/
    Deploy(deploy::Args),
    /// Judge seeded mistakes and harmless changes of the declarations, and print those that were misjudged and a score
    Mutations {
        /// Only those with this text in their names
        only: Option<String>,
    },
    /// Make a release with a change of each kind that can hurt, and compare what the plan says with what happens on real
    /// servers
    Walk(walk::Args),
    /// Explain a rule of the generator, with examples, or a function of expressions; without a name, list all rules
    Explain {
        /// Code of a rule, as in EG020, its name, or name of a function
        code: Option<String>,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let built_in = || Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = cli.root.unwrap_or_else(built_in);
    let outcome = match cli.command {
        Command::Codegen { check, base, sarif } => {
            codegen::run(&root, check, base.as_deref(), sarif.as_deref())
        }
        Command::Services => services::run(),
        Command::Test { full, args, .. } if args.first().is_some_and(|word| word == "clients") => {
            let wishes = clients::Wishes::of(args.get(1..).unwrap_or_default(), full);
            wishes.and_then(|wishes| clients::run(&root, &wishes))
        }
        Command::Test {
            full,
            retry,
            rabbitmq,
            args,
        } => test::run(&root, full, retry, rabbitmq.as_deref(), args),
        Command::Bench(args) => match scale::named(&args.name) {
            Some(comparison) => scale::run(&root, comparison, &args),
            None => bench::run(&root, &args),
        },
        Command::Chaos(args) => chaos::run(&root, &args),
        Command::Alerts(args) => chaos::alerts::run(&root, &args),
        Command::Outage(args) => chaos::outage::run(&args),
        Command::Upgrade(args) => chaos::upgrade::run(&args),
        Command::Siege(args) => siege::run(&args),
        Command::Soak(args) => soak::run(&args),
        Command::Plan(args) => plan::run(&root, &args),
        Command::Publish(args) => publish::run(&root, &args),
        Command::Package(args) => package::run(&root, &args),
        Command::Deploy(args) => deploy::run(&root, &args),
        Command::Mutations { only } => mutations::run(&root, only.as_deref()),
        Command::Walk(args) => walk::run(&root, &args),
        Command::Explain { code } => explain(code.as_deref()),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("xtask: {error:#}");
        ExitCode::FAILURE
    })
}

fn explain(code: Option<&str>) -> anyhow::Result<ExitCode> {
    let text = event_grpc_codegen::report::explain::explain(code).map_err(anyhow::Error::msg)?;
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}

/// The cargo that runs this command. Variables that it set for this command's package are removed: build scripts read
/// them, and would rebuild what a build by hand has built.
fn cargo() -> process::Command {
    let mut cargo = process::Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let of_package =
        |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(of_package) {
            cargo.env_remove(name);
        }
    }
    cargo
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_makes_sense() {
        super::Cli::command().debug_assert();
    }
}
