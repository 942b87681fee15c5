//! Checks of what operators see and get: personal fields, and the address of the runbook.

use std::collections::BTreeSet;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::nearest;
use crate::model::Intake;
use crate::resolve::{Resolved, Table, repeated};
use crate::rules::operations::{PERSONAL_FIELD, RUNBOOK_URL};
use crate::syntax::spec::ANYWHERE;
use crate::syntax::yaml::Text;

/// What JSON and tables call what is in them, before the names of fields.
const ROOTS: [&str; 2] = ["event", "row"];

/// Checks `personal` and `ops`.
pub(super) fn check(resolved: &Resolved<'_>, out: &mut Diagnostics) {
    repeated("list of personal fields", &resolved.spec.personal, out);
    for name in &resolved.spec.personal {
        personal(name, resolved, out);
    }
    if let Some(url) = &resolved.spec.ops.runbooks
        && let Some(why) = no_address(&url.value)
    {
        let message = format!(
            "`{}` can't stand before the paths of the runbook",
            url.value
        );
        out.push(
            Diagnostic::new(&RUNBOOK_URL, message)
                .at(url.span, why)
                .help("write it as in `runbooks: https://git.example.com/events/blob/main/`"),
        );
    }
}

/// Why a text is no address that paths can be put behind; none if it is.
fn no_address(url: &str) -> Option<&'static str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    match rest {
        None => Some("begins with neither https:// nor http://"),
        Some(rest) if rest.starts_with(['/', ':']) || rest.is_empty() => Some("has no host"),
        Some(rest) if rest.contains(['?', '#']) => Some("has a query or a fragment"),
        Some(rest) if rest.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            Some("has a space in it")
        }
        Some(rest)
            if rest
                .split('/')
                .next()
                .is_some_and(|host| host.contains('@')) =>
        {
            Some("has an account in it")
        }
        Some(_) => None,
    }
}

fn personal(text: &Text, resolved: &Resolved<'_>, out: &mut Diagnostics) {
    let name = text.value.as_str();
    if let Some(member) = name.strip_prefix(ANYWHERE) {
        if plain(member).is_empty() || member.contains('.') {
            let message = format!("`{name}` names no member");
            out.push(
                Diagnostic::new(&PERSONAL_FIELD, message)
                    .at(text.span, "not one name behind `*.`")
                    .help("write one name: `*.nick`"),
            );
        }
        return;
    }
    let path: Vec<String> = name.split('.').map(plain).collect();
    let messages = Messages::of(resolved);
    let is_column = match path.as_slice() {
        [column] => resolved.tables.iter().any(|t| has_column(t, column)),
        [.., table, column] => {
            let mut named = resolved.tables.iter();
            named.any(|t| plain(&t.spec.name.value) == *table && has_column(t, column))
        }
        [] => false,
    };
    if is_column || messages.have(&path) {
        return;
    }
    let known = messages.names();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let last = name.rsplit('.').next().unwrap_or(name);
    let meant = nearest(last, &known);
    let meant = meant.filter(|meant| plain(meant) != plain(last));
    let meant = meant.map_or(String::new(), |meant| format!("did you mean `{meant}`? "));
    let message = format!("`{name}` leads to no field and no column");
    out.push(
        Diagnostic::new(&PERSONAL_FIELD, message)
            .at(text.span, "masks nothing")
            .help(format!(
                "{meant}a member of JSON that no message declares is written `*.{last}`"
            )),
    );
}

fn has_column(table: &Table<'_>, column: &str) -> bool {
    let mut columns = table.columns.iter();
    columns.any(|c| plain(&c.column.name) == column)
}

/// A name as masking compares it.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Messages in which a path may begin.
struct Messages {
    all: Vec<MessageDescriptor>,
    headers: Vec<MessageDescriptor>,
    events: Vec<MessageDescriptor>,
}

impl Messages {
    fn of(resolved: &Resolved<'_>) -> Self {
        let envelope = resolved.envelope.as_ref();
        let of_json = resolved.sources.iter().filter_map(|s| match &s.intake {
            Some(Intake::Post { message, .. }) => Some(message.clone()),
            _ => None,
        });
        let events = envelope.map(|envelope| envelope.event_message.clone());
        Messages {
            all: resolved.proto.pool.all_messages().collect(),
            headers: envelope.iter().map(|e| e.header_message.clone()).collect(),
            events: events.into_iter().chain(of_json).collect(),
        }
    }

    /// True if a path leads from one of them to a field, or to where anything may be.
    fn have(&self, path: &[String]) -> bool {
        let Some((first, rest)) = path.split_first() else {
            return false;
        };
        let of_root = match first.as_str() {
            "header" => leads(&self.headers, rest),
            root if ROOTS.contains(&root) => leads(&self.events, rest),
            _ => false,
        };
        of_root && !rest.is_empty() || leads(&self.all, path)
    }

    /// Names of all fields.
    fn names(&self) -> BTreeSet<String> {
        let fields = self.all.iter().flat_map(MessageDescriptor::fields);
        fields.map(|field| field.json_name().to_owned()).collect()
    }
}

/// True if names lead down from one of these messages.
fn leads(from: &[MessageDescriptor], path: &[String]) -> bool {
    let mut messages = from.to_vec();
    for name in path {
        let fields = messages.iter().flat_map(MessageDescriptor::fields);
        let named = |field: &FieldDescriptor| {
            plain(field.name()) == *name || plain(field.json_name()) == *name
        };
        let fields: Vec<FieldDescriptor> = fields.filter(named).collect();
        if fields.is_empty() {
            return false;
        }
        // What is in a map or in free JSON nobody declares.
        if fields.iter().any(|field| field.is_map() || is_free(field)) {
            return true;
        }
        let inner = |field: &FieldDescriptor| match field.kind() {
            Kind::Message(message) => Some(message),
            _ => None,
        };
        messages = fields.iter().filter_map(inner).collect();
    }
    true
}

/// True for a field of free JSON.
fn is_free(field: &FieldDescriptor) -> bool {
    match field.kind() {
        Kind::Message(message) => message.package_name() == "google.protobuf",
        _ => false,
    }
}
