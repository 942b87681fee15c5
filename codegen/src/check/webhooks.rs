//! Checks of webhooks and JSON messages: headers, signatures, and what has to be in a message.

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Input, Intake};
use crate::resolve::Resolved;
use crate::rules::webhooks::ANY_OF;

/// Checks that what is said of messages is said of some that come.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    for said in &resolved.any_of {
        let (message, _) = &said.value;
        let mut posted = resolved.sources.iter().filter_map(|s| match &s.intake {
            Some(Intake::Post { message, .. }) => Some(message),
            _ => None,
        });
        let mut taken = resolved.queues.iter().filter_map(|q| match &q.input {
            Some(Input::Json(message)) => Some(message),
            _ => None,
        });
        if !posted.any(|m| m == message) && !taken.any(|m| m == message) {
            let text = format!("no JSON message is a `{}`", message.full_name());
            out.push(
                Diagnostic::new(&ANY_OF, text)
                    .at(said.span, "of no source and no queue")
                    .help("leave it out, or name the message of a source or queue"),
            );
        }
    }
}
