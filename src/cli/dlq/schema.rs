//! Schema of a dead letter: which build made its message, and which one gave it up.

use crate::contract::{Relation, Schema, Schemas};

/// Relation of the schema of a letter's message to that of the build that gave it up; of one that no build gave up, to that
/// of this one.
pub(super) fn relation(schemas: &Schemas, schema: &str, fingerprint: &str) -> Relation {
    schemas.between(Schema::parse(schema), Schema::parse(fingerprint))
}

/// The relation in a sentence, with what to do.
pub(super) fn told(schemas: &Schemas, schema: &str, fingerprint: &str) -> String {
    let made = Schema::parse(schema);
    let relation = relation(schemas, schema, fingerprint);
    let meaning = match (relation, schemas.relation(made)) {
        (Relation::Newer, Relation::Same | Relation::Older) => {
            "an older build gave up a message of a newer one, whose schema this build knows: replay it with this build"
        }
        (Relation::Newer, _) => {
            "the message is of a newer build, whose schema this build doesn't know: replay it with the newer build"
        }
        (Relation::Older, _) => {
            "the message was made under an earlier schema than that of the build that gave it up"
        }
        (Relation::Same, _) => "the message was made under the schema of the build that gave it up",
        (Relation::None, _) => {
            "the message names no schema: it is of another service, or of a build that wrote none"
        }
    };
    format!("{}: {meaning}", relation.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "0000000000000001";
    const NEW: &str = "0000000000000002";
    const LATER: &str = "0000000000000003";

    #[test]
    fn a_letter_says_who_should_replay_it() {
        let schemas = Schemas::new(NEW, "20260101T000000 0000000000000001\n0000000000000002");
        let told = |schema, fingerprint| told(&schemas, schema, fingerprint);
        assert!(told(NEW, OLD).starts_with("newer: ") && told(NEW, OLD).ends_with("this build"));
        assert!(told(LATER, NEW).ends_with("the newer build"));
        assert!(told(LATER, "").starts_with("newer: "));
        assert!(told(OLD, NEW).starts_with("older: "));
        assert!(told(OLD, OLD).starts_with("same: "));
        assert!(told("", NEW).starts_with("none: "));
    }
}
