//! Checks of names: what they refer to, and what form they have.

use std::collections::BTreeMap;

use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::base::names::is_identifier;
use crate::model::Intake;
use crate::resolve::Resolved;
use crate::rules::names::{BAD_BROKER_NAME, BAD_IDENTIFIER, PATH_COLLISION};
use crate::syntax::spec::Column;
use crate::syntax::yaml::Text;

/// Checks the form of names, and that HTTP paths differ.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let spec = resolved.spec;
    for source in &spec.sources {
        identifier("a source", &source.name, out);
    }
    for table in &spec.tables {
        identifier("a table", &table.name, out);
        for column in &table.columns {
            if let Column::Explicit { name, .. } = column {
                identifier("a column", name, out);
            }
        }
    }
    for exchange in &spec.exchanges {
        broker_name("an exchange", &exchange.name, out);
    }
    for queue in &spec.queues {
        broker_name("a queue", &queue.name, out);
        let mut typed = spec.tables.iter().filter(|t| t.events.is_some());
        let taken = typed.find(|t| t.queue_name() == queue.name.value);
        if let Some(table) = taken {
            let message = format!("the queue of table `{}` has this name", table.name.value);
            out.push(
                Diagnostic::new(&BAD_BROKER_NAME, message)
                    .at(queue.name.span, "already taken")
                    .and(Some(table.name.span), "by the queue of this table"),
            );
        }
    }
    paths(resolved, out);
}

fn identifier(what: &str, name: &Text, out: &mut Diagnostics) {
    if !is_identifier(&name.value) {
        let message = format!("`{}` can't be the name of {what}", name.value);
        out.push(
            Diagnostic::new(&BAD_IDENTIFIER, message)
                .at(name.span, "not an identifier")
                .help("letters, digits and underscores, not beginning with a digit, at most 64 of them"),
        );
    }
}

fn broker_name(what: &str, name: &Text, out: &mut Diagnostics) {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
    let reserved = ["amq.", "event_grpc."]
        .iter()
        .find(|p| name.value.starts_with(**p));
    let why = match reserved {
        Some(prefix) => format!("names beginning with `{prefix}` are taken"),
        None if name.value.is_empty() => "a name can't be empty".to_owned(),
        None if name.value.len() > 255 => "a name is at most 255 bytes long".to_owned(),
        None if !name.value.chars().all(plain) => {
            "a name consists of letters, digits, `.`, `-`, `_` and `:`".to_owned()
        }
        None => return,
    };
    let message = format!("`{}` can't be the name of {what}", name.value);
    out.push(Diagnostic::new(&BAD_BROKER_NAME, message).at(name.span, why));
}

fn paths(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let mut seen: BTreeMap<String, Option<Span>> =
        ["/metrics", "/heartbeat", "/healthz", "/readyz"]
            .into_iter()
            .map(|path| (path.to_owned(), None))
            .collect();
    // The HTTP port has the methods too, for gRPC-Web, unless a source takes JSON there.
    for source in &resolved.sources {
        if let (
            Some(Intake::Grpc {
                service,
                method,
                json_path,
            }),
            Some(grpc),
        ) = (&source.intake, &source.spec.grpc)
        {
            let path = format!("/{service}/{method}");
            if path != json_path.trim_end_matches('/') {
                seen.entry(path).or_insert(Some(grpc.span));
            }
        }
    }
    for source in &resolved.sources {
        let spec = source.spec;
        let place = spec
            .json
            .as_ref()
            .or(spec.post.as_ref())
            .or(spec.grpc.as_ref());
        let path = match &source.intake {
            Some(Intake::Grpc { json_path, .. }) => json_path,
            Some(Intake::Post { path, .. }) => path,
            None => continue,
        };
        let Some(place) = place else { continue };
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/-_.~".contains(c);
        if !path.starts_with('/') || !path.chars().all(allowed) {
            let message = format!("`{path}` is not a path");
            out.push(
                Diagnostic::new(&PATH_COLLISION, message)
                    .at(place.span, "not a path")
                    .help("a path begins with `/` and holds letters, digits and `-_.~`"),
            );
            continue;
        }
        let plain = path.trim_end_matches('/').to_owned();
        match seen.get(&plain) {
            Some(other) => {
                let message = format!("the path `{path}` is taken");
                let found = Diagnostic::new(&PATH_COLLISION, message).at(place.span, "taken");
                out.push(match other {
                    Some(other) => found.and(Some(*other), "by this source"),
                    None => found.help("the server itself uses this path"),
                });
            }
            None => {
                seen.insert(plain, Some(place.span));
            }
        }
    }
}
