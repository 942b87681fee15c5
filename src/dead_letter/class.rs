//! Classes of dead letters: the cause of a failure, as a short stable word.

/// Class of a dead letter. Dead letters of other builds may have classes that this one doesn't know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Its bytes are not a well-formed message.
    Malformed,
    /// Names or headers of the message can't be read.
    Unreadable,
    /// No variant of the event's oneof is set.
    NoType,
    /// The event's timestamp is no time, or out of range.
    BadTimestamp,
    /// A field of JSON is missing or isn't what it should be, or a text is longer than its column takes.
    BadField,
    /// A value has no place in its column.
    BadValue,
    /// The event is of a type that the build doesn't know.
    UnknownType,
    /// The event's sender may not send events of its type.
    NotAllowed,
    /// The table takes no events of this type.
    UnexpectedType,
    /// Generated code and server are of different builds.
    BuildMismatch,
    /// The build panicked at it.
    Panic,
    /// The destination refused it.
    Refused,
    /// It failed more often than `retries` allows, while the destination took others.
    Retries,
    /// It failed for a reason that may pass, and its copy for the retry doesn't fit into a message.
    Transient,
    /// Inserts of it alone ended without an answer, while others were stored.
    Unanswered,
    /// It is more than the destination can do in its time or memory, and its copy for the retry doesn't fit into a
    /// message.
    Excess,
    /// No queue is bound for its routing key.
    Unroutable,
}

/// Party to blame for a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The sender, whatever the build and the table. It doesn't count for the circuit breaker of its queue.
    Sender,
    /// The build, the table, the destination, or their combination.
    Build,
}

/// Condition under which the replay of a dead letter succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// Never: the same bytes fail in the same way.
    Never,
    /// At once, with its texts as they are kept.
    AsKept,
    /// When `proto/` or `pipeline.yaml` accept what they refused.
    AfterChange,
    /// At once, by decision of an operator: a replay asks nobody whether the sender may send it.
    ByDecision,
    /// With a build that fixes it or knows its type.
    AfterUpgrade,
    /// When the destination, or what is bound to the exchange, is repaired.
    AfterRepair,
}

/// Facts about a class.
struct Facts {
    name: &'static str,
    meaning: &'static str,
    blame: Blame,
    replay: Replay,
}

impl Class {
    /// All classes, in the order in which an event can get them.
    pub const ALL: [Class; 17] = [
        Class::Malformed,
        Class::Unreadable,
        Class::NoType,
        Class::BadTimestamp,
        Class::BadField,
        Class::BadValue,
        Class::UnknownType,
        Class::NotAllowed,
        Class::UnexpectedType,
        Class::BuildMismatch,
        Class::Panic,
        Class::Refused,
        Class::Retries,
        Class::Transient,
        Class::Unanswered,
        Class::Excess,
        Class::Unroutable,
    ];

    /// Names of all classes, in the same order.
    pub const NAMES: [&'static str; Class::ALL.len()] = {
        let mut names = [""; Class::ALL.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = Class::ALL[at].name();
            at += 1;
        }
        names
    };

    /// Name in headers, in the dead-letter table and in metrics. It never changes, because dead letters are kept.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// Cause, for people.
    pub fn meaning(self) -> &'static str {
        self.facts().meaning
    }

    /// Party to blame.
    pub fn blame(self) -> Blame {
        self.facts().blame
    }

    /// Condition under which a replay succeeds.
    pub fn replay(self) -> Replay {
        self.facts().replay
    }

    const fn facts(self) -> Facts {
        match self {
            Class::Malformed => facts(
                "malformed",
                "its bytes are not a well-formed message",
                Blame::Sender,
                Replay::Never,
            ),
            Class::Unreadable => facts(
                "unreadable",
                "a name, an id or another short text of the message is not UTF-8, or its headers are larger than a frame",
                Blame::Sender,
                Replay::AsKept,
            ),
            Class::NoType => facts(
                "no_type",
                "the event has no type: no variant of its oneof is set",
                Blame::Sender,
                Replay::Never,
            ),
            Class::BadTimestamp => facts(
                "bad_timestamp",
                "the event's timestamp is not a number, or out of range",
                Blame::Sender,
                Replay::Never,
            ),
            Class::BadField => facts(
                "bad_field",
                "a field of JSON is missing or isn't what it should be, or a text is longer than its column takes",
                Blame::Sender,
                Replay::AfterChange,
            ),
            Class::BadValue => facts(
                "bad_value",
                "a value has no place in its column",
                Blame::Sender,
                Replay::AfterChange,
            ),
            Class::UnknownType => facts(
                "unknown_type",
                "the event is of a type that the build doesn't know; servers that know it replay it by themselves",
                Blame::Sender,
                Replay::AfterUpgrade,
            ),
            Class::NotAllowed => facts(
                "not_allowed",
                "the event is of a type that its sender may not send",
                Blame::Sender,
                Replay::ByDecision,
            ),
            Class::UnexpectedType => facts(
                "unexpected_type",
                "the table takes no events of this type",
                Blame::Build,
                Replay::AfterChange,
            ),
            Class::BuildMismatch => facts(
                "build_mismatch",
                "generated code and server are of different builds",
                Blame::Build,
                Replay::AfterUpgrade,
            ),
            Class::Panic => facts(
                "panic",
                "the build panicked at it, more often than `retries` allows",
                Blame::Build,
                Replay::AfterUpgrade,
            ),
            Class::Refused => facts(
                "refused",
                "the destination refused it, and it alone",
                Blame::Build,
                Replay::AfterRepair,
            ),
            Class::Retries => facts(
                "retries",
                "it failed more often than `retries` allows, while the destination took others",
                Blame::Build,
                Replay::AfterRepair,
            ),
            Class::Transient => facts(
                "transient",
                "it failed for a reason that may pass, and its copy for the retry doesn't fit into a message",
                Blame::Build,
                Replay::AfterRepair,
            ),
            Class::Unanswered => facts(
                "unanswered",
                "inserts of it alone ended without an answer, time and again, while others were stored; or once, and its copy for the retry doesn't fit into a message",
                Blame::Build,
                Replay::AfterRepair,
            ),
            Class::Excess => facts(
                "excess",
                "it is more than the destination can do in its time or memory, and its copy for the retry doesn't fit into a message",
                Blame::Build,
                Replay::AfterRepair,
            ),
            Class::Unroutable => facts(
                "unroutable",
                "no queue is bound for its exchange and routing key",
                Blame::Build,
                Replay::AfterRepair,
            ),
        }
    }
}

const fn facts(name: &'static str, meaning: &'static str, blame: Blame, replay: Replay) -> Facts {
    Facts {
        name,
        meaning,
        blame,
        replay,
    }
}

impl Blame {
    /// Name for people.
    pub fn who(self) -> &'static str {
        match self {
            Blame::Sender => "its sender",
            Blame::Build => "build, schema or destination",
        }
    }
}

impl Replay {
    /// Condition, for people.
    pub fn when(self) -> &'static str {
        match self {
            Replay::Never => "never: the same bytes fail again",
            Replay::AsKept => "at once, with its texts as they are kept",
            Replay::AfterChange => "when `proto/` or `pipeline.yaml` take it",
            Replay::ByDecision => "at once, if an operator decides that it should be there",
            Replay::AfterUpgrade => "with a build that knows it or is mended",
            Replay::AfterRepair => "when the destination or the binding is mended",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_sender_is_to_blame_for_what_only_it_can_mend() {
        let (sender, build): (Vec<Class>, Vec<Class>) = Class::ALL
            .into_iter()
            .partition(|class| class.blame() == Blame::Sender);
        let names = |classes: Vec<Class>| classes.into_iter().map(Class::name).collect::<Vec<_>>();
        assert_eq!(
            names(sender),
            [
                "malformed",
                "unreadable",
                "no_type",
                "bad_timestamp",
                "bad_field",
                "bad_value",
                "unknown_type",
                "not_allowed",
            ]
        );
        assert_eq!(
            names(build),
            [
                "unexpected_type",
                "build_mismatch",
                "panic",
                "refused",
                "retries",
                "transient",
                "unanswered",
                "excess",
                "unroutable",
            ]
        );
    }

    #[test]
    fn each_class_is_listed_once_and_has_a_name_of_its_own() {
        let names = BTreeSet::from(Class::NAMES);
        assert_eq!(names.len(), Class::ALL.len());
        // Every variant has its place, so that a new one can't be left out.
        for (at, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class as usize, at, "{}", class.name());
        }
        assert_eq!(Class::Unroutable as usize + 1, Class::ALL.len());
    }
}
