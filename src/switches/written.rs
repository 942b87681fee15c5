//! Switch file as it is written: YAML of switches by their names. What is wrong is told with its line.

use std::collections::BTreeSet;

use super::version::Range;
use crate::contract::{Intake, Pipeline};
use crate::yaml::{self, Entry, Node, Value, meant, wrong};

/// Maximum number of switches of a file. Each is looked at for each request.
pub(super) const MOST: usize = 100;

/// Maximum length of a switch's name, in bytes.
const LONGEST: usize = 64;

/// What is kept of whom it applies to, in parts of ten thousand; zero is off.
pub(super) type Share = u32;

/// The whole, in [`Share`].
pub(super) const WHOLE: Share = 10_000;

/// Content of a switch file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Switches, in the order of the file.
    pub(super) switches: Vec<Switch>,
    /// Fields of the header that hold the user, the first that has a value; none for the usual ones.
    pub(super) user: Option<Vec<String>>,
    /// Field of the header that holds the app's version; none for the usual one.
    pub(super) version: Option<String>,
}

/// Switch: what it applies to, and what is kept of that. A condition that is left out always holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Switch {
    pub(super) name: String,
    pub(super) types: Option<BTreeSet<String>>,
    pub(super) clients: Option<BTreeSet<String>>,
    pub(super) sources: Option<BTreeSet<String>>,
    pub(super) versions: Option<Range>,
    pub(super) keep: Share,
    /// Why it is there, for operators.
    pub(super) reason: Option<String>,
}

const TOP: [&str; 3] = ["switches", "user", "version"];
const FIELDS: [&str; 6] = ["types", "clients", "sources", "versions", "keep", "reason"];

/// Reads a file. All that is wrong is told at once; beside it stands what is right and has no effect here.
pub(super) fn read(
    text: &str,
    pipeline: &Pipeline,
) -> Result<(Written, Vec<yaml::Wrong>), Vec<yaml::Wrong>> {
    let tree = yaml::parse(text).map_err(|wrong| vec![wrong])?;
    // A file is so while it is being written, and after a disk was full.
    if tree.value == Value::Null {
        let what = "it says nothing; `switches: {}` says that nothing is switched off";
        return Err(vec![wrong(1, what)]);
    }
    let entries = tree.entries("`switches:`, and below it each switch by its name,");
    let (mut written, mut odd, mut bad) = (Written::default(), Vec::new(), Vec::new());
    for entry in entries.map_err(|wrong| vec![wrong])? {
        let read = match entry.key.as_str() {
            "switches" => switches(entry, pipeline, &mut written, &mut odd, &mut bad),
            "user" => list(entry).map(|names| written.user = Some(names)),
            "version" => scalar(entry).map(|name| written.version = Some(name.to_owned())),
            name => Err(unknown("the file", name, entry.line, &TOP)),
        };
        bad.extend(read.err());
    }
    match bad.is_empty() {
        true => Ok((written, odd)),
        false => Err(bad),
    }
}

fn switches(
    entry: &Entry,
    pipeline: &Pipeline,
    written: &mut Written,
    odd: &mut Vec<yaml::Wrong>,
    bad: &mut Vec<yaml::Wrong>,
) -> Result<(), yaml::Wrong> {
    let all = entry.node.entries("each switch by its name")?;
    if all.len() > MOST {
        let what = format!("{} switches are more than {MOST}", all.len());
        return Err(wrong(entry.line, what));
    }
    for one in all {
        match switch(one, pipeline, odd) {
            Ok(switch) => written.switches.push(switch),
            Err(wrong) => bad.push(wrong),
        }
    }
    Ok(())
}

fn switch(
    entry: &Entry,
    pipeline: &Pipeline,
    odd: &mut Vec<yaml::Wrong>,
) -> Result<Switch, yaml::Wrong> {
    let name = entry.key.as_str();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.len() > LONGEST || !name.bytes().all(fits) {
        let what = format!(
            "`{name}` is no name of a switch: letters, digits, - _ and . are, {LONGEST} at most"
        );
        return Err(wrong(entry.line, what));
    }
    let mut switch = Switch {
        name: name.to_owned(),
        ..Switch::default()
    };
    for field in entry
        .node
        .entries("the fields of a switch, such as `types:`,")?
    {
        match field.key.as_str() {
            "types" => switch.types = Some(list(field)?.into_iter().collect()),
            "clients" => switch.clients = Some(list(field)?.into_iter().collect()),
            "sources" => switch.sources = Some(list(field)?.into_iter().collect()),
            "versions" => {
                let range = Range::parse(scalar(field)?);
                switch.versions = Some(range.map_err(|what| wrong(field.node.line, what))?);
            }
            "keep" => switch.keep = share(scalar(field)?, field.node.line)?,
            "reason" => switch.reason = Some(scalar(field)?.to_owned()),
            other => {
                let of = format!("switch `{name}`");
                return Err(unknown(&of, other, field.line, &FIELDS));
            }
        }
    }
    if switch.types.is_none()
        && switch.clients.is_none()
        && switch.sources.is_none()
        && switch.versions.is_none()
    {
        let what = format!(
            "switch `{name}` applies to everything: name `types`, `clients`, `sources` or `versions`"
        );
        return Err(wrong(entry.line, what));
    }
    tell_odd(&switch, entry, pipeline, odd);
    Ok(switch)
}

/// Notes what has no effect with this build: names that it doesn't know, and conditions that no webhook can meet.
fn tell_odd(switch: &Switch, entry: &Entry, pipeline: &Pipeline, odd: &mut Vec<yaml::Wrong>) {
    let name = &switch.name;
    let line = |field: &str| {
        let fields = entry.node.entries("").unwrap_or_default();
        let found = fields.iter().find(|one| one.key == field);
        found.map_or(entry.line, |one| one.line)
    };
    let types = || {
        let envelopes = pipeline
            .sources
            .iter()
            .filter_map(|source| match &source.intake {
                Intake::Grpc { envelope, .. } => Some(envelope.types),
                Intake::Post { .. } => None,
            });
        envelopes.flatten().map(|kind| kind.name)
    };
    for kind in switch.types.iter().flatten() {
        if !types().any(|known| known == kind) {
            let what = format!(
                "switch `{name}`: this build knows no event type `{kind}`{}",
                meant(kind, types())
            );
            odd.push(wrong(line("types"), what));
        }
    }
    for source in switch.sources.iter().flatten() {
        let mut sources = pipeline.sources.iter();
        let what = match sources.find(|known| known.name == source) {
            None => format!(
                "switch `{name}`: this build has no source `{source}`{}",
                meant(source, pipeline.sources.iter().map(|source| source.name))
            ),
            Some(known) if matches!(known.intake, Intake::Post { .. }) && !switch.is_whole() => {
                format!(
                    "switch `{name}` doesn't apply to the webhook `{source}`, which has neither types nor users: it can be \
                     switched off as a whole"
                )
            }
            Some(_) => continue,
        };
        odd.push(wrong(line("sources"), what));
    }
}

fn share(text: &str, line: usize) -> Result<Share, yaml::Wrong> {
    let bad = || {
        let what =
            format!("`keep` is a percentage below 100, as in `10%` or `0.5%`, and not `{text}`");
        wrong(line, what)
    };
    let number = text.trim().strip_suffix('%').map(str::trim);
    let number: f64 = number.and_then(|text| text.parse().ok()).ok_or_else(bad)?;
    let share = (number * f64::from(WHOLE) / 100.0).round();
    // What rounds to nothing would be off without saying so.
    let is_share = (0.0..f64::from(WHOLE)).contains(&share) && (share > 0.0 || number == 0.0);
    match is_share {
        true => Ok(share as Share),
        false => Err(bad()),
    }
}

fn list(entry: &Entry) -> Result<Vec<String>, yaml::Wrong> {
    let of = &entry.key;
    let text = |node: &Node| {
        let text = node.text().map(str::trim).filter(|text| !text.is_empty());
        let what = || {
            wrong(
                node.line,
                format!("`{of}` is a list of names, as in `[a, b]`"),
            )
        };
        text.map(str::to_owned).ok_or_else(what)
    };
    match &entry.node.value {
        Value::List(items) if !items.is_empty() => items.iter().map(text).collect(),
        _ => text(&entry.node).map(|name| vec![name]),
    }
}

fn scalar(entry: &Entry) -> Result<&str, yaml::Wrong> {
    let text = entry.node.text().filter(|text| !text.trim().is_empty());
    text.ok_or_else(|| wrong(entry.node.line, format!("`{}` takes one value", entry.key)))
}

fn unknown(of: &str, name: &str, line: usize, known: &[&str]) -> yaml::Wrong {
    let meant = meant(name, known.iter().copied());
    wrong(line, format!("{of} has no field `{name}`{meant}"))
}

// === impl Switch ===

impl Switch {
    /// True if it keeps nothing, whatever the events are.
    pub(super) fn is_whole(&self) -> bool {
        self.keep == 0 && self.types.is_none() && self.versions.is_none()
    }

    /// What it does, in words.
    pub(super) fn words(&self) -> String {
        let names = |names: &Option<BTreeSet<String>>, what: &str| {
            let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
            (!names.is_empty()).then(|| format!("{what} {}", names.join(", ")))
        };
        let versions = self.versions.as_ref();
        let parts = [
            names(&self.types, "types"),
            names(&self.clients, "clients"),
            names(&self.sources, "sources"),
            versions.map(|range| format!("versions {range}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let kept = match self.keep {
            0 => "off".to_owned(),
            keep => format!("{}% of users kept", f64::from(keep) / 100.0),
        };
        format!("{}: {kept}", parts.join("; "))
    }
}
