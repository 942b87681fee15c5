//! `event-grpc config`: the settings that are in force, and where each comes from.

use std::collections::BTreeSet;

use clap::{Command, CommandFactory as _};
use serde_json::json;

use super::settings::{self, InForce, OURS, Origin, Setting, shown, shown_of_pipeline};
use super::{one_line, say, serve};
use crate::app::environment::Environment;
use crate::yaml::meant;

/// Show what `event-grpc serve` would be started with, and where each setting comes from: a flag, a variable of the
/// environment, a line of the configuration file, or the default. Nothing is started. Secrets are masked.
#[derive(Debug, clap::Args)]
#[group(id = "config_args")]
pub(super) struct Args {
    #[command(flatten)]
    serve: serve::Args,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Only what isn't at its default.
    #[arg(long)]
    changed: bool,
}

/// A command with the options of `serve`, for those who look up what there is.
#[derive(Debug, clap::Parser)]
struct Whole {
    #[command(flatten)]
    _serve: serve::Args,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> anyhow::Result<bool> {
    // What the options say together is judged as at a start.
    drop(args.serve.clone().config()?);
    let in_force = settings::in_force();
    let all = all(in_force);
    let odd = odd(&Environment::of_process());
    let is_shown =
        |one: &&Setting| !args.changed || !matches!(one.origin, Origin::Default | Origin::Unset);
    let shown: Vec<&Setting> = all.iter().filter(is_shown).collect();
    match args.json {
        true => say(&serde_json::to_string_pretty(&json!({
            "file": in_force.path,
            "settings": shown.iter().map(|one| as_json(one)).collect::<Vec<_>>(),
            "warnings": odd,
        }))?),
        false => {
            let widest = shown.iter().map(|one| one.name.len()).max();
            let widest = widest.unwrap_or_default();
            for one in shown {
                let value = one.value.as_deref().unwrap_or("-");
                let line = format!("{:<widest$}  {value}  ({})", one.name, one.origin);
                say(&one_line(&line));
            }
            odd.iter()
                .for_each(|one| say(&one_line(&format!("warning: {one}"))));
        }
    }
    Ok(true)
}

/// Options and variables that are in force.
pub(super) fn all(in_force: &InForce) -> Vec<Setting> {
    let mut all = in_force.settings.clone();
    let environment = Environment::of_process();
    for variable in settings::known_variables(&Whole::command()) {
        let Some(value) = environment.get(&variable.name).filter(|v| !v.is_empty()) else {
            continue;
        };
        let line = in_force.variables.get(&variable.name);
        let origin = match (line, &in_force.path) {
            (Some(line), Some(path)) => Origin::File(path.clone(), *line),
            _ => Origin::Variable(variable.name.clone()),
        };
        let value = match variable.secret && !variable.name.starts_with(OURS) {
            true => shown_of_pipeline(&value),
            false => shown(variable.secret, &value),
        };
        all.push(Setting {
            name: variable.name.clone(),
            value: Some(value),
            origin,
            variable: Some(variable.name),
        });
    }
    all
}

/// Variables that are named like ours and mean nothing.
pub(super) fn odd(environment: &Environment) -> Vec<String> {
    let mut command = super::command();
    command.build();
    let mut known = BTreeSet::new();
    variables(&command, &mut known);
    let others = settings::known_variables(&Whole::command());
    known.extend(others.into_iter().map(|variable| variable.name));
    let ours = |name: &&str| name.starts_with(OURS);
    let unknown = environment.names().filter(ours);
    let unknown = unknown.filter(|name| !known.contains(*name));
    let told = |name: &str| {
        let meant = meant(name, known.iter().map(String::as_str));
        format!("{name} is set, and nothing reads it{meant}")
    };
    unknown.map(told).collect()
}

/// Variables of the options of a command and those below it.
fn variables(command: &Command, known: &mut BTreeSet<String>) {
    let named = command.get_arguments().filter_map(|arg| arg.get_env());
    known.extend(named.map(|name| name.to_string_lossy().into_owned()));
    for inner in command.get_subcommands() {
        variables(inner, known);
    }
}

fn as_json(one: &Setting) -> serde_json::Value {
    let from = match &one.origin {
        Origin::Flag => json!({ "kind": "flag" }),
        Origin::Variable(name) => json!({ "kind": "variable", "name": name }),
        Origin::File(path, line) => json!({ "kind": "file", "path": path, "line": line }),
        Origin::Default => json!({ "kind": "default" }),
        Origin::Unset => json!({ "kind": "unset" }),
    };
    json!({ "name": one.name, "value": one.value, "from": from, "variable": one.variable })
}
