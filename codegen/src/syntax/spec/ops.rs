//! `ops: { runbooks }`, as written.

use super::scalars::Fields;
use crate::base::diagnostic::Diagnostics;
use crate::syntax::yaml::{Entry, Text};

/// `ops: { ... }`.
#[derive(Debug, Default)]
pub(crate) struct Ops {
    /// `runbooks: URL`, which stands before the paths of the runbook in alerts.
    pub(crate) runbooks: Option<Text>,
}

/// Begins a name in `personal` that no field needs to have: members of free JSON are called so.
pub(crate) const ANYWHERE: &str = "*.";

/// Reads it.
pub(super) fn ops(entry: &Entry, out: &mut Diagnostics) -> Ops {
    let span = entry.key.span;
    let fields = Fields::open("`ops`", span, &entry.node, &["runbooks"], out);
    Ops {
        runbooks: fields.and_then(|fields| fields.text("runbooks", out)),
    }
}
