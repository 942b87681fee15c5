//! Effects of a change of the rules for ids. It needs no migration: rows keep their ids.

use super::lock::Lock;

/// Version if a lock has none.
const FIRST: &str = "1";

/// A line for each kind of events whose ids are made in another way than at the last commit.
pub(super) fn changes(base: &Lock, now: &Lock) -> Vec<String> {
    let known = |message: &String| base.fields.keys().any(|(name, _)| name == message);
    let changed = now.ids.iter().filter_map(|(message, ids)| {
        let before = base.ids.get(message).map(String::as_str);
        if let Some((what, name)) = message.split_once('.').filter(|of| ["source", "queue"].contains(&of.0)) {
            // A source without a rule was new, or had a new id each time.
            let before = before.filter(|before| before != ids)?;
            return Some(format!(
                "{what} {name}: ids made of {before} are made of {ids} now. Rows keep their ids; what is sent again across \
                 the change is stored twice (docs/ids.md)"
            ));
        }
        let before = before.unwrap_or(FIRST);
        let changes = before != ids && known(message);
        changes.then(|| {
            format!(
                "events of {message} that come without an id: version {before} of ids becomes {ids}. Rows keep their \
                 ids; an event whose bytes are not in canonical order gets another one from then on, so that one which is \
                 sent again across the change is stored twice, unless `from` lies ahead when the last instance is \
                 replaced (docs/ids.md)"
            )
        })
    });
    changed.collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_a_change_is_told() {
        let lock = |ids: &str| {
            let field = "field event.Events 4 header event.Header\n";
            Lock::parse(&format!("{field}{ids}")).unwrap()
        };
        let (nothing, first, second) = (
            lock(""),
            lock("id event.Events 1\n"),
            lock("id event.Events 2\n"),
        );
        assert!(
            changes(&Lock::default(), &second).is_empty(),
            "a new project"
        );
        assert!(
            changes(&nothing, &first).is_empty(),
            "what held without a word"
        );
        assert!(changes(&second, &second).is_empty());
        for (base, now) in [(&nothing, &second), (&first, &second), (&second, &first)] {
            assert_eq!(changes(base, now).len(), 1);
        }
        let from = lock("id event.Events 2 from 2026-12-01T00:00:00Z\n");
        let told = changes(&second, &from);
        assert!(
            told[0].contains("version 2 of ids becomes 2 from 2026-12-01T00:00:00Z"),
            "{told:?}"
        );
        assert_eq!(Lock::parse(&from.render()).unwrap(), from);

        let (request, header) = (
            lock("id source.shop request\n"),
            lock("id source.shop header x-id\n"),
        );
        assert!(changes(&nothing, &header).is_empty(), "a new source");
        let told = changes(&request, &header);
        assert!(
            told[0].contains("source shop: ids made of request are made of header x-id now"),
            "{told:?}"
        );
    }
}
