//! Cascades: what follows from another mistake is left out, and one mistake that shows in many places is told once.

use std::collections::BTreeMap;

use crate::base::diagnostic::{Diagnostic, Diagnostics, Label, Sources};

/// Names that could not be looked up, and declarations that could not be read.
const CAUSES: [&str; 9] = [
    "EG002", "EG005", "EG010", "EG011", "EG012", "EG013", "EG014", "EG017", "EG019",
];

/// What is wrong with routing, and with what feeds what, once a name is missing.
const CONSEQUENCES: [&str; 9] = [
    "EG020", "EG024", "EG025", "EG026", "EG027", "EG028", "EG071", "EG132", "EG177",
];

/// What is said of the variants of a oneof.
pub(crate) const FROM_ONEOFS: [&str; 5] = ["EG012", "EG017", "EG020", "EG024", "EG070"];

/// Number of mistakes of one kind, each of another declaration, that are told as one.
const MANY: usize = 4;

/// Number of places that are named beside the first.
const SHOWN: usize = 6;

/// The mistakes that are worth a word of their own, in their order.
pub(crate) fn told_once(found: Vec<Diagnostic>, sources: &Sources) -> Vec<Diagnostic> {
    let causes = found.iter().any(|d| CAUSES.contains(&d.code));
    let follows = |one: &Diagnostic| {
        (causes && CONSEQUENCES.contains(&one.code))
            || found.iter().any(|cause| is_consequence(one, cause))
    };
    let kept: Vec<_> = found.iter().filter(|d| !follows(d)).cloned().collect();
    // Whatever the reason is, something must be told.
    let kept = if kept.is_empty() { found } else { kept };
    let label = |d: &Diagnostic| d.primary.as_ref().map(|label| label.text.clone());
    let same = |d: &Diagnostic| Some((d.message.clone(), d.help.clone(), label(d)));
    let kept = gather((kept, 2, 0), same, sources);
    // A field that is gone leaves a column in each table that had it.
    let column = |d: &Diagnostic| {
        let of_column = ["EG103", "EG104"].contains(&d.code);
        of_column.then(|| Some((kind(&d.message, 1)?, d.help.clone(), label(d))))?
    };
    let kept = gather((kept, 2, 1), column, sources);
    [0, 1].into_iter().fold(kept, |kept, name| {
        let key = |d: &Diagnostic| Some((kind(&d.message, name)?, d.help.clone(), label(d)));
        gather((kept, MANY, name), key, sources)
    })
}

/// Tells what became of variants, if anything did, instead of what follows from it.
pub(crate) fn instead(moved: Vec<Diagnostic>, out: &mut Diagnostics) {
    if !moved.is_empty() {
        out.leave_out(|d| FROM_ONEOFS.contains(&d.code));
        moved.into_iter().for_each(|d| out.push(d));
    }
}

/// True if mending `cause` mends `one`.
fn is_consequence(one: &Diagnostic, cause: &Diagnostic) -> bool {
    let help = |d: &Diagnostic| d.help.clone().unwrap_or_default();
    match (one.code, cause.code) {
        // A misspelt key is also one that is missing.
        ("EG004", "EG003") => {
            let key = one.message.rsplit_once(" has no ");
            let misspelt = cause.message.rsplit_once(" has no key ");
            key.zip(misspelt).is_some_and(|((of, key), (whose, _))| {
                of == whose && help(cause).starts_with(&format!("did you mean {key}?"))
            })
        }
        // A table whose columns are missing or can't be read.
        ("EG061" | "EG062" | "EG064" | "EG070", "EG004") => {
            let table = cause.message.strip_suffix(" has no `columns`");
            table.is_some_and(|table| {
                one.message.contains(table) || help(one) == "there are no columns"
            })
        }
        // A binding key that is misspelt matches nothing, and what it should match reaches nothing.
        ("EG020", "EG024") => {
            let key = one
                .message
                .rsplit_once(" with the key ")
                .map(|(_, key)| key);
            key.is_some_and(|key| help(cause).starts_with(&format!("did you mean {key}?")))
        }
        // A binding key with a star on an exchange that compares keys matches nothing.
        ("EG020" | "EG024", "EG023") => true,
        // A name that can't be one is looked for under another that can.
        ("EG014", "EG015") => {
            let name = subject(&cause.message, 0);
            help(one).starts_with(&format!("did you mean `{name}`?"))
        }
        ("EG119", "EG003") => cause.message.starts_with("what is retired has no key"),
        ("EG133", "EG003") => cause.message.contains("verify"),
        // A key with a column that can't be in keys, and a table that was renamed or moved to another store.
        ("EG064", "EG062") | ("EG110", "EG106") => true,
        ("EG104", "EG105") => {
            let table = cause.message.strip_prefix("`engine` of ");
            let table = table.and_then(|rest| rest.split_once(" was `postgres`"));
            table.is_some_and(|(table, _)| one.message.contains(table))
        }
        // The compiler finds the same fault in two ways.
        ("EG008", "EG008") => one.primary.is_some() && place(one) == place(cause) && one < cause,
        _ => false,
    }
}

fn place(one: &Diagnostic) -> Option<crate::base::diagnostic::Span> {
    one.primary.as_ref().map(|label| label.span)
}

/// A message without one of its names, counted from 0; none if it has fewer.
fn kind(message: &str, name: usize) -> Option<String> {
    let mut parts: Vec<&str> = message.split('`').collect();
    *parts.get_mut(2 * name + 1)? = "";
    Some(parts.join("`"))
}

/// One of the names of a message.
fn subject(message: &str, name: usize) -> &str {
    message.split('`').nth(2 * name + 1).unwrap_or(message)
}

/// Tells mistakes with the same key as one, if there are at least so many; they differ in this name.
fn gather<K: Ord>(
    (found, least, name): (Vec<Diagnostic>, usize, usize),
    key: impl Fn(&Diagnostic) -> Option<K>,
    sources: &Sources,
) -> Vec<Diagnostic> {
    let mut groups: BTreeMap<(&'static str, K), Vec<usize>> = BTreeMap::new();
    for (at, one) in found.iter().enumerate() {
        if let (Some(key), true) = (key(one), one.message.contains('`')) {
            groups.entry((one.code, key)).or_default().push(at);
        }
    }
    let mut others: BTreeMap<usize, Vec<&Diagnostic>> = BTreeMap::new();
    let mut told = vec![true; found.len()];
    for group in groups.into_values().filter(|group| group.len() >= least) {
        let Some((first, rest)) = group.split_first() else {
            continue;
        };
        for at in rest {
            others.entry(*first).or_default().extend(found.get(*at));
            if let Some(told) = told.get_mut(*at) {
                *told = false;
            }
        }
    }
    let mut gathered = Vec::new();
    for (at, one) in found.iter().enumerate() {
        if told.get(at) == Some(&true) {
            gathered.push(match others.get(&at) {
                Some(others) => with(one.clone(), (others, name), sources),
                None => one.clone(),
            });
        }
    }
    gathered
}

/// A mistake, and where else it shows.
fn with(
    mut one: Diagnostic,
    (others, name): (&[&Diagnostic], usize),
    sources: &Sources,
) -> Diagnostic {
    let mut places: Vec<String> = Vec::new();
    for other in others {
        let line = other
            .primary
            .as_ref()
            .and_then(|label| line(label, sources));
        let name = subject(&other.message, name);
        places.push(match line {
            Some(line) if other.message == one.message => line,
            Some(line) => format!("`{name}` ({line})"),
            None => format!("`{name}`"),
        });
    }
    let rest = places.len().saturating_sub(SHOWN);
    places.truncate(SHOWN);
    let mut also = format!("the same holds for {}", places.join(", "));
    if rest > 0 {
        also.push_str(&format!(" and {rest} more"));
    }
    one.help = Some(match one.help {
        Some(help) => format!("{help}\n{also}"),
        None => also,
    });
    one
}

/// `pipeline.yaml:28:15`
fn line(label: &Label, sources: &Sources) -> Option<String> {
    let file = sources.file(label.span.file)?;
    let before = file.text.get(..label.span.start)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next()?.chars().count() + 1;
    Some(format!("{}:{line}:{column}", file.name))
}
