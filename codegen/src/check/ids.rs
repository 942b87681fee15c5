//! Checks of ids that are made of app events.

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::resolve::Resolved;
use crate::rules::ids::ID_VERSION;

/// Checks that what is said of ids is said of some events.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let Some(ids) = &resolved.spec.ids else {
        return;
    };
    if resolved.spec.sources.iter().all(|s| s.grpc.is_none()) {
        out.push(
            Diagnostic::new(&ID_VERSION, "no source takes app events")
                .at(ids.span, "of no events")
                .help("leave it out; what webhooks and other services send has ids of its own"),
        );
    }
}
