//! `cors: { ... }` of a source, as written.

use super::Located;
use super::scalars::{Fields, texts};
use crate::base::diagnostic::{Diagnostics, Span};
use crate::syntax::yaml::{Entry, Text};

/// `cors: { origins, max_age, credentials }`.
#[derive(Debug)]
pub(crate) struct Cors {
    /// `origins: [ORIGIN, ...]`.
    pub(crate) origins: Vec<Text>,
    /// `max_age: TIME`, in milliseconds.
    pub(crate) max_age: Option<Located<u64>>,
    /// `credentials: true`: the place of the key.
    pub(crate) credentials: Option<Span>,
}

/// `cors` of a source.
pub(super) fn cors(entry: &Entry, out: &mut Diagnostics) -> Option<Cors> {
    let known = ["origins", "max_age", "credentials"];
    let fields = Fields::open("`cors`", entry.key.span, &entry.node, &known, out)?;
    let origins = fields.require("origins", out).map(|entry| {
        let origins = texts("`origins`", &entry.node, out);
        fields.filled("origins", origins.is_empty(), entry, out);
        origins
    });
    Some(Cors {
        origins: origins.unwrap_or_default(),
        max_age: fields.duration("max_age", 1_000..=86_400_000, out),
        credentials: fields.flag("credentials", out),
    })
}
