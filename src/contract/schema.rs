//! Schema of a message: the fingerprint of the declarations that it was made under.
//!
//! A fingerprint has no order. What is older is what a build has among its ancestors; what it doesn't know is of a newer
//! build, or of one of another branch.

use std::fmt;

/// Fingerprint of the declarations of a build, as messages name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema(u64);

/// Relation of the schema of a message to that of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It was made under the same declarations.
    Same,
    /// It was made under declarations that the build descends from.
    Older,
    /// It was made under declarations that the build doesn't know.
    Newer,
    /// It names no schema: it is of another service, or of a build that wrote none.
    None,
}

/// Schemas that a build knows: its own and those of its ancestors.
#[derive(Debug, Clone, Default)]
pub struct Schemas {
    own: Option<Schema>,
    /// In the order of time.
    known: Vec<Schema>,
}

impl Schema {
    /// Number of characters of a fingerprint.
    pub const LEN: usize = 16;

    /// Schema with this fingerprint. None unless it is sixteen hexadecimal digits in lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != Self::LEN || !text.bytes().all(is_digit) {
            return None;
        }
        u64::from_str_radix(text, 16).ok().map(Schema)
    }
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Relation {
    /// All relations.
    pub const ALL: [Relation; 4] = [
        Relation::Same,
        Relation::Older,
        Relation::Newer,
        Relation::None,
    ];

    /// Name of the relation, as metrics and commands show it.
    pub fn name(self) -> &'static str {
        match self {
            Relation::Same => "same",
            Relation::Older => "older",
            Relation::Newer => "newer",
            Relation::None => "none",
        }
    }
}

impl Schemas {
    /// Schemas of a build with this fingerprint. The lines of `known`, in the order of time, end with those of its
    /// ancestors and its own.
    pub fn new(own: &str, known: &str) -> Self {
        let last = |line: &str| Schema::parse(line.rsplit(' ').next()?);
        Schemas {
            own: Schema::parse(own),
            known: known.lines().filter_map(last).collect(),
        }
    }

    /// Relation of a message's schema to the build's own.
    pub fn relation(&self, made: Option<Schema>) -> Relation {
        match made {
            None => Relation::None,
            made if made == self.own => Relation::Same,
            Some(made) if self.known.contains(&made) => Relation::Older,
            Some(_) => Relation::Newer,
        }
    }

    /// Relation of a message's schema to that of another build, as far as this one knows both: what it doesn't know
    /// counts as newer than what it knows.
    pub fn between(&self, made: Option<Schema>, read: Option<Schema>) -> Relation {
        let Some(read) = read else {
            return self.relation(made);
        };
        let Some(made) = made else {
            return Relation::None;
        };
        let place = |schema: Schema| self.known.iter().position(|known| *known == schema);
        match (place(made), place(read)) {
            _ if made == read => Relation::Same,
            (Some(made), Some(read)) if made < read => Relation::Older,
            (Some(_), None) => Relation::Older,
            _ => Relation::Newer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schemas() -> Schemas {
        Schemas {
            own: Some(Schema(3)),
            known: vec![Schema(1), Schema(2), Schema(3)],
        }
    }

    #[test]
    fn a_schema_is_sixteen_hexadecimal_digits() {
        let text = "00c0ffee00c0ffee";
        assert_eq!(
            Schema::parse(text).map(|s| s.to_string()),
            Some(text.into())
        );
        let long = format!("0{text}");
        for wrong in ["", "test", "+0c0ffee00c0ffee", "00C0FFEE00C0FFEE", &long] {
            assert_eq!(Schema::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_message_is_older_if_its_schema_is_an_ancestor_and_newer_if_it_is_unknown() {
        let relation = |made| schemas().relation(Some(Schema(made)));
        let found = [1, 2, 3, 4].map(relation);
        let expected = [
            Relation::Older,
            Relation::Older,
            Relation::Same,
            Relation::Newer,
        ];
        assert_eq!(found, expected);
        assert_eq!(schemas().relation(None), Relation::None);
        // A build without a fingerprint is like no message.
        assert_eq!(Schemas::default().relation(None), Relation::None);
    }

    #[test]
    fn of_two_builds_the_unknown_one_is_the_newer() {
        let between = |made, read| schemas().between(Some(Schema(made)), Some(Schema(read)));
        for (made, read, expected) in [
            (1, 1, Relation::Same),
            (9, 9, Relation::Same),
            (1, 2, Relation::Older),
            (2, 1, Relation::Newer),
            (9, 1, Relation::Newer),
            (1, 9, Relation::Older),
            (8, 9, Relation::Newer),
        ] {
            assert_eq!(between(made, read), expected, "{made} {read}");
        }
        assert_eq!(schemas().between(None, Some(Schema(1))), Relation::None);
        assert_eq!(schemas().between(Some(Schema(1)), None), Relation::Older);
    }
}
