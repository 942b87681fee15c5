//! Configuration file: a mapping of options, and of variables that are no options, to their values.

use std::path::Path;

use clap::{Arg, Command};

use super::{family, is_setting};
use crate::app::environment::Environment;
use crate::app::variables::{self, Variable};
use crate::generated::PIPELINE;
use crate::reread;
use crate::yaml::{self, Entry, Node, Value, meant};

/// Key of the mapping of variables by their own names.
const ENVIRONMENT: &str = "environment";

/// What the names of our own variables begin with.
pub(in crate::cli) const OURS: &str = "EVENT_GRPC_";

/// Maximum size of a configuration file, in bytes.
const LARGEST: u64 = 1 << 20;

/// Content of a configuration file.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Options by their names.
    pub(super) options: Vec<Given>,
    /// Variables.
    variables: Vec<Given>,
}

/// Option or variable with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) name: String,
    pub(super) value: String,
    /// Line of its key.
    pub(super) line: usize,
}

/// All variables that are no options: those of the pipeline, and of each option that holds a secret the one that names a
/// file instead.
pub(in crate::cli) fn known_variables(whole: &Command) -> Vec<Variable> {
    let mut known = variables::all(&PIPELINE);
    for arg in whole
        .get_arguments()
        .filter(|arg| arg.is_hide_env_values_set())
    {
        let name = arg
            .get_env()
            .map(|name| name.to_string_lossy().into_owned());
        let [_, of_file] = variables::of_secret(&name.unwrap_or_default());
        known.push(of_file);
    }
    known
}

/// Reads a file that may hold the options of this command. All that is wrong is told at once, a line each.
pub(super) fn read(path: &Path, whole: &Command) -> Result<Written, String> {
    let shown = path.display();
    let text = reread::content(path, LARGEST)
        .map_err(|error| format!("the configuration file {shown}: {error}"))?;
    let at = |wrong: yaml::Wrong| format!("{shown}:{}: {}", wrong.line, wrong.what);
    let tree = yaml::parse(&text).map_err(at)?;
    let entries = tree
        .entries("options, each as a line `option: value`,")
        .map_err(at)?;
    let known = known_variables(whole);
    let (mut written, mut bad) = (Written::default(), Vec::new());
    for entry in entries {
        let read = match entry.key.as_str() {
            ENVIRONMENT => of_environment(entry, &known, &mut written),
            _ => top(entry, whole, &known, &mut written),
        };
        bad.extend(read.err().map(at));
    }
    bad.extend(written.twice(whole).map(at));
    match bad.is_empty() {
        true => Ok(written),
        false => Err(bad.join("\n       ")),
    }
}

/// Reads an option, or one of our own variables.
fn top(
    entry: &Entry,
    whole: &Command,
    known: &[Variable],
    written: &mut Written,
) -> Result<(), yaml::Wrong> {
    let options = || whole.get_arguments().filter(|arg| is_setting(arg));
    let name = entry.key.as_str();
    let given = |name: &str, value| Given {
        name: name.to_owned(),
        value,
        line: entry.line,
    };
    if let Some(arg) = options().find(|arg| arg.get_long() == Some(name)) {
        written.options.push(given(name, value(arg, entry)?));
        return Ok(());
    }
    let keys: Vec<(String, &Variable)> = known
        .iter()
        .filter_map(|variable| Some((key(variable)?, variable)))
        .collect();
    if let Some((_, variable)) = keys.iter().find(|(key, _)| key == name) {
        let value = text(&entry.node, name)?;
        written.variables.push(given(&variable.name, value));
        return Ok(());
    }
    let all = options().filter_map(Arg::get_long);
    let all = all.chain(keys.iter().map(|(key, _)| key.as_str()));
    let meant = meant(name, all.chain([ENVIRONMENT]));
    let what =
        format!("there is no setting `{name}`{meant}; `event-grpc config` lists all of them");
    Err(yaml::wrong(entry.line, what))
}

/// Reads the variables that are written by their own names.
fn of_environment(
    entry: &Entry,
    known: &[Variable],
    written: &mut Written,
) -> Result<(), yaml::Wrong> {
    for one in entry
        .node
        .entries("variables, each as a line `NAME: value`,")?
    {
        if !known.iter().any(|variable| variable.name == one.key) {
            let meant = meant(&one.key, known.iter().map(|one| one.name.as_str()));
            let what = format!("there is no variable `{}`{meant}", one.key);
            return Err(yaml::wrong(one.line, what));
        }
        written.variables.push(Given {
            name: one.key.clone(),
            value: text(&one.node, &one.key)?,
            line: one.line,
        });
    }
    Ok(())
}

/// Key of one of our own variables, which is written like an option: `clickhouse-password-file`.
fn key(variable: &Variable) -> Option<String> {
    let name = variable.name.strip_prefix(OURS)?;
    Some(name.to_ascii_lowercase().replace('_', "-"))
}

/// Value of an option: a list where the option takes several, and yes or no where it is a switch.
fn value(arg: &Arg, entry: &Entry) -> Result<String, yaml::Wrong> {
    let name = entry.key.as_str();
    if let (Value::List(items), Some(between)) = (&entry.node.value, arg.get_value_delimiter()) {
        let texts: Result<Vec<String>, _> = items.iter().map(|item| text(item, name)).collect();
        return Ok(texts?.join(&between.to_string()));
    }
    let value = text(&entry.node, name)?;
    if !arg.get_action().takes_values() && !matches!(value.as_str(), "true" | "false") {
        let what = format!("`{name}` is true or false, and not `{value}`");
        return Err(yaml::wrong(entry.line, what));
    }
    Ok(value)
}

fn text(node: &Node, name: &str) -> Result<String, yaml::Wrong> {
    let what = match &node.value {
        Value::Text(text) => return Ok(text.clone()),
        Value::Null => format!("`{name}` has no value; leave the line out to have the default"),
        Value::List(_) => format!("`{name}` takes one value, and this is a list"),
        Value::Map(_) => format!("`{name}` takes a value, and this is a mapping"),
    };
    Err(yaml::wrong(node.line, what))
}

// === impl Written ===

impl Written {
    /// The options that count for this command, each as an argument: those that it has, and that no flag and no variable
    /// of the process gives.
    pub(super) fn for_command(
        &self,
        leaf: &Command,
        has_flag: impl Fn(&str) -> bool,
        environment: &Environment,
    ) -> Vec<(&Given, String)> {
        let mut found = Vec::new();
        for given in &self.options {
            let mut options = leaf.get_arguments().filter(|arg| is_setting(arg));
            let Some(arg) = options.find(|arg| arg.get_long() == Some(&given.name)) else {
                continue;
            };
            let is_set = |name: &String| environment.get(name).is_some_and(|v| !v.is_empty());
            let variable = arg
                .get_env()
                .map(|name| name.to_string_lossy().into_owned());
            let counts_more = family(&variable.unwrap_or_default()).iter().any(is_set);
            if has_flag(&given.name) || counts_more {
                continue;
            }
            let (name, value) = (&given.name, &given.value);
            match (arg.get_action().takes_values(), value.as_str()) {
                (true, _) => found.push((given, format!("--{name}={value}"))),
                (false, "true") => found.push((given, format!("--{name}"))),
                (false, _) => {}
            }
        }
        found
    }

    /// The variables that count: those that no flag and no variable of the process gives, by itself or as a file.
    pub(super) fn variables_below(
        &self,
        has_flag: impl Fn(&str) -> bool,
        environment: &Environment,
    ) -> Vec<Given> {
        let is_set = |name: &String| environment.get(name).is_some_and(|v| !v.is_empty());
        let as_flag = |name: &String| {
            let name = name.strip_prefix(OURS).unwrap_or_default();
            has_flag(&name.to_ascii_lowercase().replace('_', "-"))
        };
        let counts = |given: &&Given| {
            let family = family(&given.name);
            !family.iter().any(|name| is_set(name) || as_flag(name))
        };
        self.variables.iter().filter(counts).cloned().collect()
    }

    /// Secrets that are there twice: as they are, and as a file.
    fn twice<'a>(&'a self, whole: &'a Command) -> impl Iterator<Item = yaml::Wrong> + 'a {
        let options = self.options.iter().filter_map(|given| {
            let mut all = whole.get_arguments();
            let arg = all.find(|arg| arg.get_long() == Some(&given.name))?;
            Some((arg.get_env()?.to_string_lossy().into_owned(), given.line))
        });
        let variables = self.variables.iter();
        let all: Vec<(String, usize)> = options
            .chain(variables.map(|given| (given.name.clone(), given.line)))
            .collect();
        let other = all.clone();
        all.into_iter().filter_map(move |(name, line)| {
            let [base, of_file] = family(&name);
            let (_, second) = other.iter().find(|(other, _)| *other == of_file)?;
            (name == base && base != of_file).then(|| {
                let what = format!(
                    "this and line {line} give the same, once as it is and once as a file; keep one"
                );
                yaml::wrong(*second, what)
            })
        })
    }
}
