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
        // Another message or another place needs other fields.
        ("required", [queue, ..]) => {
            changed(&format!("carries {queue}")) || changed(&format!("into {queue}"))
        }
        // The message of a queue that a source feeds is the source's.
        ("carries", [queue]) => {
            let message = |lock: &Lock| lock.contracts.get(&format!("carries {queue}")).cloned();
            let (before, after) = (message(base), message(now));
            let same = |(key, value): (&String, &String)| {
                Some(value) == before.as_ref() && now.contracts.get(key) == after.as_ref()
            };
            of(base, "path").any(same)
        }
        // A destination that is gone or has another name is told of itself.
        ("into", [queue]) => {
            let before = base.contracts.get(&format!("into {queue}"));
            before.is_some_and(|before| match before.split_once(' ') {
                Some(("table", table)) => !now.tables.contains_key(table),
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

/// The fact of a source that is gone, if this one is that of a new source with the same path: what is sent there meets it.
pub(super) fn replaced(key: &str, base: &Lock, now: &Lock) -> Option<String> {
    let [source, rest @ ..] = &words(key)[..] else {
        return None;
    };
    let word = key.split(' ').next().unwrap_or_default();
    let of_senders = ["path", "verify", "auth", "limit", "on_bad", "headers"];
    let has = |lock: &Lock, name: &str| lock.contracts.contains_key(&format!("source {name}"));
    if !of_senders.contains(&word) || has(base, source) {
        return None;
    }
    let path = of(now, "path").find_map(|(key, _)| match words(key)[..] {
        [of, path] if of == *source => Some(path),
        _ => None,
    })?;
    let former = of(base, "path").find_map(|(key, _)| match words(key)[..] {
        [of, other] if other == path && !has(now, of) => Some(of),
        _ => None,
    })?;
    Some([&[word, former], rest].concat().join(" "))
}

/// True if it is new and brings dead letters, which whoever sends them is told of.
fn new_letters(queue: &str, base: &Lock, now: &Lock, subject: &[&str]) -> bool {
    let carries = now.contracts.get(&format!("carries {queue}"));
    let is_new = !base
        .contracts
        .contains_key(&format!("bind {}", subject.join(" ")));
    is_new && carries.is_some_and(|what| what == "dead letters")
}

/// True if the exchange of a source changed, and the binding went with it.
fn rerouted(queue: &str, exchange: &str, key: &str, base: &Lock, now: &Lock) -> bool {
    of(base, "publish").any(|(source, before)| {
        let to = |value: &str| value.split(' ').next().unwrap_or_default().to_owned();
        let after = now.contracts.get(source).map(|value| to(value));
        to(before) == exchange
            && after.is_some_and(|after| {
                after != exchange
                    && now
                        .contracts
                        .contains_key(&format!("bind {queue} {after} {key}"))
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

/// True if an event type was taken by the queue of a table, and isn't any more.
pub(super) fn left(table: &str, event: &str, base: &Lock, now: &Lock) -> bool {
    let into = format!("table {table}");
    of(base, "bind").any(|(key, _)| match words(key)[..] {
        [queue, _, routing_key] => {
            routing_key == event
                && base.contracts.get(&format!("into {queue}")) == Some(&into)
                && !of(now, "bind").any(|(key, _)| {
                    let words = words(key);
                    words.first() == Some(&queue) && words.get(2) == Some(&routing_key)
                })
        }
        _ => false,
    })
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
