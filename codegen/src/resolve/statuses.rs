//! Statuses after which a request is retried, and those that are the message's fault.

use std::collections::BTreeSet;

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::rules::requests::STATUS;
use crate::syntax::spec;
use crate::syntax::yaml::Text;

/// The retried ones and the refused ones, as ranges.
type Statuses = (Vec<(u16, u16)>, Vec<(u16, u16)>);

/// The statuses of both lists.
pub(super) fn statuses(request: &spec::Request, out: &mut Diagnostics) -> Option<Statuses> {
    let read = |given: &Option<Vec<Text>>, default: &[Listed], out: &mut Diagnostics| match given {
        None => Some(default.to_vec()),
        Some(texts) => texts
            .iter()
            .map(|text| Some((status(text, out)?, Some(text.clone()))))
            .collect::<Vec<_>>()
            .into_iter()
            .collect(),
    };
    let of = |codes: &[u16]| -> Vec<Listed> {
        codes
            .iter()
            .map(|code| (Status::Code(*code), None))
            .collect()
    };
    let mut retried_anyway = of(&[408, 425, 429]);
    retried_anyway.push((Status::Class(5), None));
    let retried = read(&request.retried, &retried_anyway, out);
    let refused = read(&request.refused, &of(&[400, 413, 422]), out);
    let (mut retried, mut refused) = (retried?, refused?);
    for (status, text) in &refused {
        let both = retried.iter().find(|(other, _)| other == status);
        if let Some((_, other)) = both
            && let (Some(text), Some(other)) = (text, other)
        {
            let message = format!("`{}` can't be retried and refused", text.value);
            out.push(
                Diagnostic::new(&STATUS, message)
                    .at(text.span, "the message's fault")
                    .and(Some(other.span), "sent again"),
            );
            return None;
        }
    }
    // A declared status takes precedence over a default.
    let written = |list: &[Listed]| -> BTreeSet<Status> {
        let given = list.iter().filter(|(_, text)| text.is_some());
        given.map(|(status, _)| *status).collect()
    };
    let (in_retried, in_refused) = (written(&retried), written(&refused));
    retried.retain(|(status, text)| text.is_some() || !in_refused.contains(status));
    refused.retain(|(status, text)| text.is_some() || !in_retried.contains(status));
    let bare = |list: &[Listed]| -> BTreeSet<Status> { list.iter().map(|(s, _)| *s).collect() };
    let (retried, refused) = (bare(&retried), bare(&refused));
    Some((ranges(&retried, &refused), ranges(&refused, &retried)))
}

/// A status, and where it is written.
type Listed = (Status, Option<Text>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Code(u16),
    Class(u16),
}

fn status(text: &Text, out: &mut Diagnostics) -> Option<Status> {
    let class = match text.value.as_str() {
        "3xx" => Some(3),
        "4xx" => Some(4),
        "5xx" => Some(5),
        _ => None,
    };
    let code = text.value.parse().ok().filter(|c| (300..=599).contains(c));
    let found = class.map(Status::Class).or(code.map(Status::Code));
    if found.is_none() {
        let taken = text.value.starts_with('2');
        let mistake = Diagnostic::new(
            &STATUS,
            format!(
                "`{}` is not a status that a request can fail with",
                text.value
            ),
        )
        .at(
            text.span,
            if taken {
                "means that the message was accepted"
            } else {
                "not a status"
            },
        );
        out.push(mistake.help("a number from 300 to 599, or 3xx, 4xx or 5xx"));
    }
    found
}

/// The codes of one list, without those that the other names one by one.
fn ranges(of: &BTreeSet<Status>, other: &BTreeSet<Status>) -> Vec<(u16, u16)> {
    let mut ranges: Vec<(u16, u16)> = Vec::new();
    for code in 300..=599 {
        let named = of.contains(&Status::Code(code));
        let in_class = of.contains(&Status::Class(code / 100));
        let counts = named || (in_class && !other.contains(&Status::Code(code)));
        if !counts {
            continue;
        }
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == code => *last = code,
            _ => ranges.push((code, code)),
        }
    }
    ranges
}
