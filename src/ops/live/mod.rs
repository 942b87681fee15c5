//! Comparison of this build with the running servers: what is missing, what differs, what was retired and is still there,
//! what is there and isn't declared, what migrations would touch, and what of the waiting messages would become dead
//! letters. Only [`retire`] changes anything.

pub mod definitions;
pub mod letters;
pub mod rabbitmq;
pub mod retire;
pub mod stores;

use serde::Serialize;

/// Something that is to be known before this build is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The server: `rabbitmq`, or a database as in `clickhouse events` and `postgres`.
    pub place: String,
    /// What it is.
    pub kind: Kind,
    /// What it is about, as in `queue orders_q`.
    pub what: String,
    /// How it is and what becomes of it, as a clause; may be empty.
    pub how: String,
}

/// Kind of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is declared and isn't there.
    Missing,
    /// It is there in another form, or as somebody else changed it.
    Differs,
    /// A migration that has not been applied.
    Pending,
    /// It is retired and still there.
    Retired,
    /// It is there, takes part in what is declared, and nobody declares it.
    Orphan,
    /// Messages that wait would become dead letters.
    Letters,
    /// It can't be seen from here. This is no difference.
    Unseen,
}

/// Everything that was found.
#[derive(Debug, Default, Serialize)]
pub struct Plan {
    /// In the order in which it was found.
    pub findings: Vec<Finding>,
}

impl Plan {
    /// Adds a finding.
    pub fn add(
        &mut self,
        place: impl Into<String>,
        kind: Kind,
        what: impl Into<String>,
        how: impl Into<String>,
    ) {
        self.findings.push(Finding {
            place: place.into(),
            kind,
            what: what.into(),
            how: how.into(),
        });
    }

    /// True if something differs.
    pub fn differs(&self) -> bool {
        self.findings.iter().any(|f| f.kind != Kind::Unseen)
    }
}

// === impl Kind ===

impl Kind {
    /// Its name in a text.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Missing => "missing",
            Kind::Differs => "differs",
            Kind::Pending => "pending",
            Kind::Retired => "retired",
            Kind::Orphan => "orphan",
            Kind::Letters => "letters",
            Kind::Unseen => "unseen",
        }
    }
}
