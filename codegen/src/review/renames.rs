//! What has another name, and what that does to whom.

use super::{Area, Item, Severity, What, safe};
use crate::schema::plan::Compared;
use crate::schema::rename::Rename;

/// What becomes of rows that instances of the former build hold when a column has another name.
pub(super) const HELD: &str = "can't store rows of this table once the migration is applied: they hold them back, and what they hold \
                    goes to instances of this build when they stop; to go back to the former build see docs/changes.md";

/// What becomes of messages that wait in a queue that has another name.
pub(super) const MOVED: &str = "what waits in the former queue is stored by instances of the former build, and what is left is moved by \
                     `event-grpc apply`";

/// Everything that is renamed, and former names that go.
pub(super) fn items(compared: &Compared<'_>) -> Vec<Item> {
    let renames = &compared.renames;
    let new = renames.new.iter().map(|rename| item(rename, compared));
    let gone = renames.forgotten.iter().map(|rename| {
        let (what, _) = words(&rename.renamed.key);
        let told = format!(
            "the former name `{}` of {what} is retired",
            rename.renamed.from
        );
        Item {
            severity: Severity::Meant,
            rows: "stay; queries by the former name fail from then on".to_owned(),
            ..safe(Area::Tables, What::Retired, told)
        }
    });
    new.chain(gone).collect()
}

fn item(rename: &Rename, compared: &Compared<'_>) -> Item {
    let renamed = &rename.renamed;
    let (_, name) = words(&renamed.key);
    let of = match renamed.key.split(' ').collect::<Vec<_>>()[..] {
        ["column", table, _] => format!(" of table `{table}`"),
        _ => String::new(),
    };
    let kind = renamed.key.split(' ').next().unwrap_or_default();
    let told = format!("{kind} `{}`{of} is renamed to `{name}`", renamed.from);
    let area = match kind {
        "queue" => Area::Topology,
        _ => Area::Tables,
    };
    let item = Item {
        severity: Severity::Meant,
        ..safe(area, What::Renamed, told)
    };
    match (kind, rename.former) {
        ("column", Some(former)) => Item {
            instances: HELD.to_owned(),
            rows: former.column.to_owned(),
            ..item
        },
        ("table", Some(former)) => Item {
            instances: former.instances.to_owned(),
            rows: "stay; queries find them under both names".to_owned(),
            ..item
        },
        _ => Item {
            instances: "consume the former queue until it is empty; one that starts or connects again binds it again, and what comes \
                        to both queues then is one row, but two requests to an HTTP API"
                .to_owned(),
            messages: MOVED.to_owned(),
            senders: letters(name, compared),
            ..item
        },
    }
}

/// What others notice who are bound to the dead letters of a queue, which are known by its name.
fn letters(queue: &str, compared: &Compared<'_>) -> String {
    let route = compared.now.contracts.get(&format!("letters {queue}"));
    match route.filter(|route| route.ends_with(&format!(" error.{queue}"))) {
        Some(_) => format!(
            "queues of others that are bound to its dead letters need the key `error.{queue}`"
        ),
        None => String::new(),
    }
}

/// What a key is about, for people, and its last word.
fn words(key: &str) -> (String, &str) {
    let words: Vec<&str> = key.split(' ').collect();
    let name = words.last().copied().unwrap_or_default();
    let title = match words[..] {
        ["column", table, column] => format!("column `{column}` of table `{table}`"),
        _ => format!("{} `{name}`", words.first().unwrap_or(&"")),
    };
    (title, name)
}
