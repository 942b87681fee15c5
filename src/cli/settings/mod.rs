//! Settings of a command, from its options, the environment, the configuration file and the defaults, in this order.
//!
//! The options of the file are put onto the command line before clap reads it, unless a flag or a variable says
//! otherwise, so that clap judges all of them by the same rules. Its variables go below those of the process.

mod file;
mod shown;
mod wrong;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use crate::app::environment::Environment;
use crate::app::variables::FILE;
use file::Written;
pub(super) use file::{OURS, known_variables};
pub(super) use shown::{shown, shown_of_pipeline};

/// Option of all commands that names the file, and its variable.
const OPTION: &str = "config";
const VARIABLE: &str = "EVENT_GRPC_CONFIG";

/// Command whose options the file may hold.
const WHOLE: &str = "serve";

/// Settings that this process was started with.
static IN_FORCE: OnceLock<InForce> = OnceLock::new();

/// Setting of a command.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    /// Name, which is that of the option, and the key in the file.
    pub(super) name: String,
    /// Value as it was given, several with commas between them; none if there is none. Secrets are masked.
    pub(super) value: Option<String>,
    /// Where it comes from.
    pub(super) origin: Origin,
    /// Its variable.
    pub(super) variable: Option<String>,
}

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// An option on the command line.
    Flag,
    /// A variable of the environment.
    Variable(String),
    /// The configuration file.
    File(PathBuf, usize),
    /// The default.
    Default,
    /// Nothing: it has none.
    Unset,
}

/// All settings, and the file that gave some of them.
#[derive(Debug, Default)]
pub(super) struct InForce {
    /// Settings, in the order of the options.
    pub(super) settings: Vec<Setting>,
    /// Variables of the file that are in force, with their lines.
    pub(super) variables: BTreeMap<String, usize>,
    /// The configuration file.
    pub(super) path: Option<PathBuf>,
    /// The command whose options the file may hold.
    whole: Option<Command>,
}

impl InForce {
    /// True if the file itself holds a secret, rather than the name of a file with it.
    pub(super) fn has_secret(&self) -> bool {
        let masked = |one: &&Setting| {
            let is_of_file = matches!(one.origin, Origin::File(..));
            is_of_file
                && one
                    .value
                    .as_ref()
                    .is_some_and(|value| value.contains(shown::MASK))
        };
        let whole = self.whole.as_ref();
        let known = whole.map(known_variables).unwrap_or_default();
        let is_secret = |name: &String| known.iter().any(|one| one.secret && one.name == *name);
        self.settings.iter().any(|one| masked(&one)) || self.variables.keys().any(is_secret)
    }
}

/// Error with what was given.
#[derive(Debug)]
pub(super) enum Wrong {
    /// Of the command line, as clap tells it; help and version are among them.
    Clap(clap::Error),
    /// A wrong value, or a file that can't be used.
    Told(String),
}

/// The option that names the configuration file, for all commands.
pub(super) fn option() -> Arg {
    Arg::new(OPTION)
        .long(OPTION)
        .env(VARIABLE)
        .global(true)
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .help("Configuration file: options of `serve`, each as a line `option: value`. Flags and variables count more")
}

/// Reads what was given to the command. What is in force can be asked for by [`in_force`] then.
pub(super) fn start(command: Command, given: Vec<OsString>) -> Result<ArgMatches, Wrong> {
    let mut command = command;
    command.build();
    let (at, leaf) = chosen(&command, &given);
    let path = file_of(&given);
    let written = match &path {
        Some(path) => file::read(path, whole(&command)).map_err(Wrong::Told)?,
        None => Written::default(),
    };
    // One that holds for all commands below another may stand before them.
    let flags = given.get(1..).unwrap_or_default();
    let environment = Environment::of_process();
    let added = written.for_command(leaf, |long| has_flag(flags, long), &environment);
    let variables = written.variables_below(|long| has_flag(flags, long), &environment);
    let lines: BTreeMap<String, usize> = variables
        .iter()
        .map(|one| (one.name.clone(), one.line))
        .collect();
    let values = variables.into_iter().map(|one| (one.name, one.value));
    Environment::give(values.collect());

    let mut all = given.clone();
    let inserted = added.iter().map(|(_, argument)| OsString::from(argument));
    all.splice(at..at, inserted);
    let of_file: BTreeMap<&str, usize> = added
        .iter()
        .map(|(entry, _)| (entry.name.as_str(), entry.line))
        .collect();
    let origin = |long: &str| match (of_file.get(long), &path) {
        (Some(line), Some(path)) => Origin::File(path.clone(), *line),
        _ if has_flag(flags, long) => Origin::Flag,
        _ => Origin::Variable(String::new()),
    };
    let matches = command
        .clone()
        .try_get_matches_from(all)
        .map_err(|error| wrong::told(error, leaf, origin))?;
    let in_force = InForce {
        settings: settings(leaf, innermost(&matches), origin),
        variables: lines,
        path,
        whole: Some(whole(&command).clone()),
    };
    drop(IN_FORCE.set(in_force));
    Ok(matches)
}

/// What is in force in this process.
pub(super) fn in_force() -> &'static InForce {
    IN_FORCE.get_or_init(InForce::default)
}

/// Name of an option with the place where it was given, for messages.
pub(super) fn named(long: &str) -> String {
    let settings = &in_force().settings;
    let origin = settings.iter().find(|one| one.name == long);
    match origin.map(|one| &one.origin) {
        Some(Origin::Variable(name)) => format!("--{long} (by {name})"),
        Some(Origin::File(path, line)) => format!("{}:{line}: {long}", path.display()),
        // Its secret may be in a file that a variable names.
        _ => format!("--{long}"),
    }
}

/// The value of an option in the configuration file as it is now, or its default; none if a flag or a variable counts
/// more, or there is no file.
///
/// # Errors
///
/// If the file can't be used.
pub(super) fn again(long: &str) -> Result<Option<String>, String> {
    let in_force = in_force();
    let setting = in_force.settings.iter().find(|one| one.name == long);
    let (Some(path), Some(setting), Some(whole)) = (&in_force.path, setting, &in_force.whole)
    else {
        return Ok(None);
    };
    if matches!(setting.origin, Origin::Flag | Origin::Variable(_)) {
        return Ok(None);
    }
    let written = file::read(path, whole)?;
    let found = written.options.into_iter().find(|entry| entry.name == long);
    Ok(found.map(|entry| entry.value).or_else(|| {
        let option = whole
            .get_arguments()
            .find(|arg| arg.get_long() == Some(long));
        let default = option?.get_default_values().first()?.to_str()?;
        Some(default.to_owned())
    }))
}

/// The command whose options the file may hold.
fn whole(command: &Command) -> &Command {
    command.find_subcommand(WHOLE).unwrap_or(command)
}

/// The innermost command that is named, and where its own arguments begin.
fn chosen<'a>(command: &'a Command, given: &[OsString]) -> (usize, &'a Command) {
    let (mut leaf, mut begin) = (command, given.len().min(1));
    let mut at = begin;
    while let Some(argument) = given.get(at) {
        let text = argument.to_string_lossy();
        if text == "--" || !leaf.has_subcommands() {
            break;
        }
        at += 1;
        if let Some(option) = text.strip_prefix("--") {
            // Its value isn't the name of a command.
            let takes_next =
                |arg: &Arg| arg.get_long() == Some(option) && arg.get_action().takes_values();
            at += usize::from(leaf.get_arguments().any(takes_next));
        } else if let Some(inner) = leaf.find_subcommand(text.as_ref()) {
            (leaf, begin) = (inner, at);
        }
    }
    (begin, leaf)
}

/// The configuration file: of the option, or else of the variable.
fn file_of(given: &[OsString]) -> Option<PathBuf> {
    let mut found = std::env::var_os(VARIABLE);
    let mut arguments = given.iter().skip(1);
    while let Some(argument) = arguments.next() {
        let text = argument.to_string_lossy();
        match text
            .strip_prefix("--")
            .and_then(|text| text.strip_prefix(OPTION))
        {
            Some("") => found = arguments.next().cloned(),
            Some(value) => found = value.strip_prefix('=').map(OsString::from).or(found),
            None if text == "--" => break,
            None => {}
        }
    }
    found.filter(|path| !path.is_empty()).map(PathBuf::from)
}

fn has_flag(arguments: &[OsString], long: &str) -> bool {
    let is = |argument: &&OsString| {
        let text = argument.to_string_lossy();
        let rest = text
            .strip_prefix("--")
            .and_then(|text| text.strip_prefix(long));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    let options = arguments.iter().take_while(|one| *one != OsStr::new("--"));
    options.filter(is).count() > 0
}

fn innermost(matches: &ArgMatches) -> &ArgMatches {
    match matches.subcommand() {
        Some((_, inner)) => innermost(inner),
        None => matches,
    }
}

fn settings(leaf: &Command, matches: &ArgMatches, origin: impl Fn(&str) -> Origin) -> Vec<Setting> {
    let arguments = leaf.get_arguments().filter(|arg| is_setting(arg));
    let setting = |arg: &Arg| {
        let name = arg.get_long()?.to_owned();
        let id = arg.get_id().as_str();
        let raw = matches.try_get_raw(id).ok()?;
        let values = raw.map(|raw| raw.map(OsStr::to_string_lossy).collect::<Vec<_>>());
        let value = values.map(|values| shown(arg.is_hide_env_values_set(), &values.join(",")));
        let variable = arg
            .get_env()
            .map(|name| name.to_string_lossy().into_owned());
        let origin = match matches.value_source(id) {
            Some(ValueSource::CommandLine) => origin(&name),
            Some(ValueSource::EnvVariable) => {
                Origin::Variable(variable.clone().unwrap_or_default())
            }
            Some(_) => Origin::Default,
            None => Origin::Unset,
        };
        Some(Setting {
            name,
            value,
            origin,
            variable,
        })
    };
    arguments.filter_map(setting).collect()
}

/// True for what can stand in the file: options with a variable, but for the one that names the file.
fn is_setting(arg: &Arg) -> bool {
    arg.get_long().is_some_and(|long| long != OPTION) && arg.get_env().is_some()
}

/// Names of the variables that say the same in another way: a secret, and the file with it.
fn family(variable: &str) -> [String; 2] {
    let base = variable.strip_suffix(FILE).unwrap_or(variable);
    [base.to_owned(), format!("{base}{FILE}")]
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag => f.write_str("flag"),
            Origin::Variable(name) => f.write_str(name),
            Origin::File(path, line) => write!(f, "{}:{line}", Path::display(path)),
            Origin::Default => f.write_str("default"),
            Origin::Unset => f.write_str("not set"),
        }
    }
}
