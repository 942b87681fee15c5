//! Changes that follow from another one, which is told instead.

use super::contract::kind::Kind;
use super::contract::kinds::subject as words;
use super::lock::Lock;
use super::renamed;

/// True if a change of this fact follows from that of another one.
pub(super) fn follows(kind: &Kind, subject: &[&str], base: &Lock, now: &Lock) -> bool {
    let changed = |key: &str| {
        let (before, after) = (base.contracts.get(key), now.contracts.get(key));
        before.is_some() && after.is_some() && before != after
    };
    if renamed::is(kind.word, subject, base, now) {
        return true;
    }
    match (kind.word, subject) {
        // Without a path of its own, JSON is sent to that of the method.
        ("path", [source, path]) => {
            let method = format!("method {source} {}", path.trim_start_matches('/'));
            base.contracts.contains_key(&method) && !now.contracts.contains_key(&method)
        }
        // What a store has of its own goes with it.
        ("hook", [table]) => {
            let engine = |lock: &Lock| lock.tables.get(*table).map(|table| table.engine.clone());
            engine(base) != engine(now)
        }
        // A field that is gone reserves what it had, and is told of itself.
        ("reserved", [of, what]) => base.fields.iter().any(|((message, number), field)| {
            message == of && (field.name == *what || number.to_string() == *what)
        }),
        // Another message has other fields.
        ("required", [queue, ..]) => changed(&format!("carries {queue}")),
        // The message of a queue that a source feeds is the source's.
        ("carries", [queue]) => {
            let message = |lock: &Lock| lock.contracts.get(&format!("carries {queue}")).cloned();
            let (before, after) = (message(base), message(now));
            let same = |(key, value): (&String, &String)| {
                Some(value) == before.as_ref() && now.contracts.get(key) == after.as_ref()
            };
            of(base, "path").any(same)
        }
        // A destination that is gone or has another name is told of itself; of one that is retired, this is all that is told.
        ("into", [queue]) => {
            let before = base.contracts.get(&format!("into {queue}"));
            before.is_some_and(|before| match before.split_once(' ') {
                Some(("table", table)) => {
                    let retired = now.retired.contains_key(&format!("table {table}"));
                    !now.tables.contains_key(table) && !retired
                }
                _ => !now.contracts.contains_key(before),
            })
        }
        // An exchange that is gone or has another name is told of itself.
        ("publish" | "letters" | "rejects", [of]) => {
            let before = base.contracts.get(&format!("{} {of}", kind.word));
            let exchange = before.and_then(|route| route.split(' ').next());
            exchange.is_some_and(|name| !now.contracts.contains_key(&format!("exchange {name}")))
        }
        // With nothing that chooses, there are no targets to choose from.
        ("target", [request, _]) => {
            let by = format!("by {request}");
            base.contracts.contains_key(&by) && !now.contracts.contains_key(&by)
        }
        ("bind", [queue, exchange, key]) => {
            new_letters(queue, base, now, &[queue, exchange, key])
                || rerouted(queue, exchange, key, base, now)
                || unused(queue, exchange, key, base, now)
        }
        // An event type that left the table leaves its columns.
        ("variant", [table, _, event]) => left(table, event, base, now),
        _ => false,
    }
}

/// The same fact of the source that has the same path `there`, if the source of this one is only `here`: who replaces a
/// source on its path meets what is sent to it.
pub(super) fn counterpart(key: &str, here: &Lock, there: &Lock) -> Option<String> {
    const OF_SENDERS: [&str; 10] = [
        "auth",
        "credentials",
        "headers",
        "limit",
        "needed",
        "on_bad",
        "origin",
        "path",
        "publish",
        "verify",
    ];
    let [source, rest @ ..] = &words(key)[..] else {
        return None;
    };
    let word = key.split(' ').next().unwrap_or_default();
    let has = |lock: &Lock, name: &str| lock.contracts.contains_key(&format!("source {name}"));
    if !OF_SENDERS.contains(&word) || has(there, source) {
        return None;
    }
    let path = of(here, "path").find_map(|(key, _)| match words(key)[..] {
        [of, path] if of == *source => Some(path),
        _ => None,
    })?;
    let other = of(there, "path").find_map(|(key, _)| match words(key)[..] {
        [of, other] if other == path && !has(here, of) => Some(of),
        _ => None,
    })?;
    Some([&[word, other], rest].concat().join(" "))
}

/// True if it is new and brings dead letters, which whoever sends them is told of.
fn new_letters(queue: &str, base: &Lock, now: &Lock, subject: &[&str]) -> bool {
    let carries = now.contracts.get(&format!("carries {queue}"));
    let is_new = !base
        .contracts
        .contains_key(&format!("bind {}", subject.join(" ")));
    is_new && carries.is_some_and(|what| what == "dead letters")
}

/// True if every source of an exchange publishes to another one now, and the binding went with each.
fn rerouted(queue: &str, exchange: &str, key: &str, base: &Lock, now: &Lock) -> bool {
    let to = |value: &String| value.split(' ').next().unwrap_or_default().to_owned();
    let mut sources = of(base, "publish")
        .filter(|(_, before)| to(before) == exchange)
        .peekable();
    sources.peek().is_some()
        && sources.all(|(source, _)| {
            now.contracts.get(source).map(to).is_some_and(|after| {
                let bound = format!("bind {queue} {after} {key}");
                after != exchange && now.contracts.contains_key(&bound)
            })
        })
}

/// True if it brought dead letters to a queue of them, and nothing sends any there now. It does no harm where it stays:
/// the letters of former instances are read as before.
fn unused(queue: &str, exchange: &str, key: &str, base: &Lock, now: &Lock) -> bool {
    let carries = format!("carries {queue}");
    let letters = |lock: &Lock| {
        let carries = lock.contracts.get(&carries);
        carries.is_some_and(|what| what == "dead letters")
    };
    let route = format!("{exchange} {key}");
    let sends = |word| of(now, word).any(|(_, value)| *value == route);
    let stays = now.contracts.contains_key(&format!("queue {queue}"));
    letters(base) && (letters(now) || !stays) && !sends("letters") && !sends("rejects")
}

/// True if an event type was taken by the queue of a table, and is by none of its queues any more.
pub(super) fn left(table: &str, event: &str, base: &Lock, now: &Lock) -> bool {
    let into = format!("table {table}");
    let taken = |lock: &Lock| {
        let mut queues = of(lock, "into").filter(|(_, to)| **to == into);
        queues.any(|(key, _)| {
            let bound = key.replacen("into", "bind", 1);
            let keys = of(lock, &bound);
            keys.map(|(key, _)| words(key))
                .any(|words| matches!(words[..], [_, _, routing_key] if routing_key == event))
        })
    };
    taken(base) && !taken(now)
}

/// The facts of a kind.
pub(super) fn of<'a>(
    lock: &'a Lock,
    word: &'a str,
) -> impl Iterator<Item = (&'a String, &'a String)> {
    let start = format!("{word} ");
    let facts = lock.contracts.range(start.clone()..);
    facts.take_while(move |(key, _)| key.starts_with(&start))
}
