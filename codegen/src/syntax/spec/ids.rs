//! Reading `ids`: how ids are made of app events that come without one.

use chrono::DateTime;

use super::Located;
use super::scalars::{Fields, text};
use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Ids;
use crate::rules::ids::ID_VERSION;
use crate::syntax::yaml::{Entry, Text, Value};

/// `ids: VERSION`, or `ids: { version: VERSION, from: TIME }`.
pub(super) fn ids(entry: &Entry, out: &mut Diagnostics) -> Option<Located<Ids>> {
    let span = entry.key.span;
    let (version, from) = match &entry.node.value {
        Value::Map(_) => {
            let known = ["version", "from"];
            let fields = Fields::open("`ids`", span, &entry.node, &known, out)?;
            fields.require("version", out)?;
            (fields.text("version", out)?, fields.text("from", out))
        }
        _ => (text("`ids`", &entry.node, out)?, None),
    };
    let value = match (version.value.as_str(), from) {
        ("1", None) => Ids::Bytes,
        ("2", None) => Ids::Content { from_ms: None },
        ("2", Some(from)) => Ids::Content {
            from_ms: Some(moment(&from, out)?),
        },
        ("1", Some(from)) => {
            out.push(
                Diagnostic::new(&ID_VERSION, "version 1 of ids is what there was before")
                    .at(from.span, "from a time on there is only a later one")
                    .help("write `ids: 1`, or `version: 2`"),
            );
            return None;
        }
        _ => {
            let message = format!("there is no version `{}` of ids", version.value);
            out.push(
                Diagnostic::new(&ID_VERSION, message)
                    .at(version.span, "no such version")
                    .help("1: made from their bytes; 2: made from their content, in any encoding"),
            );
            return None;
        }
    };
    Some(Located { value, span })
}

fn moment(from: &Text, out: &mut Diagnostics) -> Option<i64> {
    let Ok(time) = DateTime::parse_from_rfc3339(&from.value) else {
        let message = format!("`{}` is no time", from.value);
        out.push(
            Diagnostic::new(&ID_VERSION, message)
                .at(from.span, "not RFC 3339")
                .help("a time with its zone, such as 2026-12-01T00:00:00Z"),
        );
        return None;
    };
    Some(time.timestamp_millis())
}
