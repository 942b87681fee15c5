//! Checks of the values that choose among the targets of a request.

use super::given::given;
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::suggest;
use crate::model::{self, ColumnSource};
use crate::resolve::Resolved;
use crate::rules::targets::{DEFAULT_TARGET, UNREACHABLE_TARGET};
use crate::syntax::spec;

/// Checks that what `by` gives of itself names a target, and that it can give the name of each target.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let requests = resolved.spec.requests.iter().zip(&resolved.requests);
    for (declared, request) in requests {
        if let Some(request) = request {
            targets(declared, request, out);
        }
    }
}

fn targets(declared: &spec::Request, request: &model::Request, out: &mut Diagnostics) {
    let (Some(by), Some((value, _))) = (&declared.by, &request.by) else {
        return;
    };
    let ColumnSource::Value(value) = value else {
        return;
    };
    let given = given(value);
    let targets = declared.to.iter().filter_map(|(value, _)| value.as_ref());
    let names: Vec<&str> = targets.clone().map(|name| name.value.as_str()).collect();
    for text in &given.texts {
        if !names.contains(&text.text.as_str()) {
            let message = format!(
                "request `{}` has no target `{}`",
                declared.name.value, text.text
            );
            let place = by.part(text.range(by));
            out.push(
                Diagnostic::new(&DEFAULT_TARGET, message)
                    .at(place, "names no target")
                    .help(suggest(&text.text, names.iter().copied(), "targets")),
            );
        }
    }
    for target in targets.filter(|target| !given.may_be(&target.value)) {
        let message = format!(
            "no message goes to target `{}` of request `{}`",
            target.value, declared.name.value
        );
        let why = match given.case {
            Some(case) => format!("`by` gives texts that went through `{case}`"),
            None => "`by` always gives the same text".to_owned(),
        };
        out.push(
            Diagnostic::new(&UNREACHABLE_TARGET, message)
                .at(target.span, "never chosen")
                .and(Some(by.span), "chooses the target")
                .help(why),
        );
    }
}
