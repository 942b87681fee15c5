//! What is refused of `renamed_from`, and former names that are used for something else.

use super::{FORMER, has};
use crate::base::names::nearest;
use crate::base::refusal::{Place, Refusal};
use crate::model::{Model, Renamed};
use crate::rules::contracts::RENAMED;
use crate::schema::lock::Lock;
use crate::store::dialect;

/// A rename that is refused.
pub(super) struct Refused {
    pub(super) refusal: Refusal,
    /// What was meant, if that can be told.
    pub(super) meant: Option<Renamed>,
}

/// True if a rename is new, false if it is released; or why it can't be. The base has the new names of those before it.
pub(super) fn check(
    at: usize,
    renamed: &Renamed,
    base: &Lock,
    now: &Lock,
    model: &Model,
) -> Result<bool, Box<Refused>> {
    let (former, name, from) = (renamed.former(), renamed.name(), &renamed.from);
    let words: Vec<&str> = renamed.key.split(' ').collect();
    let table_of = match words[..] {
        ["column", table, _] => Some(table),
        _ => None,
    };
    // A table that is new has no column that could have been called otherwise.
    if table_of.is_some_and(|table| !base.tables.contains_key(table)) {
        return Ok(false);
    }
    let is_known = base.renamed.get(&former).map(String::as_str);
    if is_known == Some(name) && !has(base, &former) && !has(now, &former) {
        return Ok(false);
    }
    let title = title(&renamed.key);
    let refuse_meant = |message: String, help: String, meant: Option<&str>| {
        let meant = meant.map(|from| Renamed {
            key: renamed.key.clone(),
            from: from.to_owned(),
        });
        let refusal = refusal(place(&renamed.key), message, help);
        Err(Box::new(Refused { refusal, meant }))
    };
    let refuse = |message: String, help: String| refuse_meant(message, help, None);
    if from == name {
        let message = format!("{title} is said to be renamed from its own name");
        return refuse(message, "take `renamed_from` out".to_owned());
    }
    if let Some(first) = model
        .renamed
        .iter()
        .take(at)
        .find(|other| other.former() == former)
    {
        return refuse(
            format!("{title} and `{}` are both renamed from `{from}`", first.name()),
            "one thing at a time goes on under another name: leave `renamed_from` at that one, the other is new".to_owned(),
        );
    }
    if has(now, &former) {
        let message = format!("{title} is renamed from `{from}`, which is declared as well");
        return refuse(
            message,
            match model.renamed.iter().find(|other| other.key == former) {
                Some(next) => format!(
                    "`{from}` is renamed from `{}` itself; a name is free again only when its former owner has got another one in an \
                     earlier release. Keep one of both names as it is, or take a new one",
                    next.from
                ),
                None => format!(
                    "take `{from}` out if it is the same; or take `renamed_from` out if both are meant to be there"
                ),
            },
        );
    }
    if let Some(other) = is_known.filter(|_| !has(base, &former)) {
        let message = format!("`{from}` has been called `{other}` since it was renamed");
        return refuse_meant(
            message,
            format!("write `renamed_from: {other}`"),
            Some(other),
        );
    }
    if !has(base, &former) {
        if base
            .retired
            .get(&former)
            .is_some_and(|value| !value.starts_with(FORMER))
        {
            let message = format!("{title} is renamed from `{from}`, which was retired");
            let help = "take `renamed_from` out: it is a new one".to_owned();
            return refuse(message, help);
        }
        let message = format!("{title} is renamed from `{from}`, which was never released");
        let meant = likely(&former, base, now);
        let help = match meant {
            Some(name) => format!("did you mean `{name}`? That is gone"),
            None => "correct the name; or take `renamed_from` out: what only your branch has can have any name".to_owned(),
        };
        return refuse_meant(message, help, meant);
    }
    if has(base, &renamed.key) {
        return refuse(
            format!("{title} is renamed from `{from}` and was there before as well"),
            "what is stored under both names can't become one; give it a new name, or retire the other one".to_owned(),
        );
    }
    if model.retired(&former).is_some() {
        return refuse(
            format!("{title} is renamed from `{from}`, which is in `retired`"),
            "take the entry of `retired` out: the former name goes on to be known, and can be retired in a later release".to_owned(),
        );
    }
    if let Some(table) = table_of
        && let Some(found) = model.tables.iter().find(|of| of.name == table)
        && let Some(before) = base.tables.get(table)
        && let Some(why) = dialect(found).keeps_name(before, from)
    {
        return refuse_meant(
            format!("column `{from}` of table `{table}` can't be renamed to `{name}`: {why}"),
            format!(
                "keep the name `{from}`; or leave that column as it is and add one beside it, `{name}`, with the same \
                 expression; or declare a new table"
            ),
            Some(from),
        );
    }
    Ok(true)
}

/// Former names that are declared again as something else.
pub(super) fn taken(base: &Lock, now: &Lock, model: &Model) -> Vec<Refusal> {
    let refuse = |(key, name): (&String, &String)| {
        let is_taken = !key.starts_with("bind ") && has(now, key) && model.retired(key).is_none();
        let told = model.renamed.iter().any(|one| one.former() == *key);
        (is_taken && !told).then(|| {
            let former = key.rsplit(' ').next().unwrap_or_default();
            refusal(
                place_of(key),
                format!(
                    "{} has a name that `{name}` had before it was renamed",
                    title(key)
                ),
                format!(
                    "queries, instances of the former build and messages that wait still mean `{name}` by `{former}`: give it \
                     another name. If it is `{name}` that shall have its former name again, write `renamed_from: {name}` here"
                ),
            )
        })
    };
    base.renamed.iter().filter_map(refuse).collect()
}

fn refusal(place: Place, message: String, help: String) -> Refusal {
    Refusal {
        code: RENAMED.code,
        place,
        message,
        help,
    }
}

/// What was probably meant by a name that was never released: a name that is gone.
fn likely<'a>(former: &str, base: &'a Lock, now: &Lock) -> Option<&'a str> {
    let (of, from) = former.rsplit_once(' ').unwrap_or(("", former));
    let words: Vec<&str> = of.split(' ').collect();
    let all: Vec<&str> = match words[..] {
        ["table"] => base.tables.keys().map(String::as_str).collect(),
        ["column", table] => {
            let columns = base.tables.get(table).into_iter();
            let columns = columns.flat_map(|table| &table.columns);
            columns.map(|(name, _)| name.as_str()).collect()
        }
        _ => {
            let keys = base.contracts.keys();
            keys.filter_map(|key| key.strip_prefix("queue ")).collect()
        }
    };
    let is_gone = |name: &&str| !has(now, &format!("{of} {name}"));
    let gone: Vec<&str> = all.into_iter().filter(is_gone).collect();
    nearest(from, &gone).or_else(|| gone.first().copied().filter(|_| gone.len() == 1))
}

/// What a key is about, for people.
fn title(key: &str) -> String {
    let words: Vec<&str> = key.split(' ').collect();
    match words[..] {
        ["column", table, column] => format!("column `{column}` of table `{table}`"),
        [what, name] => format!("{what} `{name}`"),
        _ => format!("`{key}`"),
    }
}

/// Where a thing is declared.
fn place_of(key: &str) -> Place {
    let words: Vec<&str> = key.split(' ').collect();
    let path = match words[..] {
        ["column", table, column] => vec!["tables", table, "columns", column],
        ["table", name] => vec!["tables", name],
        [_, name] => vec!["queues", name],
        _ => Vec::new(),
    };
    Place::Yaml(path.into_iter().map(str::to_owned).collect())
}

/// Where its `renamed_from` is.
fn place(key: &str) -> Place {
    match place_of(key) {
        Place::Yaml(mut path) => {
            path.push("renamed_from".to_owned());
            Place::Yaml(path)
        }
        place => place,
    }
}
