//! Requests of app events in generated Rust: where an event goes, the key of its record, and its body.

use super::{Unwritable, parameter};
use crate::model::{ColumnSource, Member, Request, Value};
use crate::render::view::function::FunctionView;
use crate::render::view::names::literal;
use crate::render::view::values::{Shared, Writer};

/// The function that chooses a target.
pub(super) fn choose(request: &Request, writer: &Writer<'_>) -> Result<FunctionView, Unwritable> {
    let lines = match &request.by {
        None => vec!["Ok(0)".to_owned()],
        Some((from, written)) => {
            let targets = request.targets.iter();
            let known: Vec<String> = targets
                .filter_map(|target| target.value.as_deref())
                .map(literal)
                .collect();
            let write = |value: &Value| writer.text("by", value);
            let what = literal(written.split('|').next().unwrap_or_default().trim());
            vec![
                format!("let value = {};", by_type(from, write, "by")?),
                format!("function::one_of({what}, &value, &[{}])", known.join(", ")),
            ]
        }
    };
    Ok(FunctionView {
        doc: format!("Chooses the target of an event, for `{}`.", request.name),
        head: format!(
            "fn target({}: &Group<'_>) -> Result<usize, RowError>",
            parameter("group", &lines)
        ),
        lines,
    })
}

/// The function of this name that computes keys of records.
pub(super) fn key(
    name: &str,
    of: &str,
    from: &ColumnSource,
    writer: &Writer<'_>,
) -> Result<FunctionView, Unwritable> {
    let write = |value: &Value| writer.key("key", value);
    let lines = vec![format!("Ok({})", by_type(from, write, "key")?)];
    Ok(FunctionView {
        doc: format!("Key of a record, for `{of}`."),
        head: format!(
            "fn {name}({}: &Group<'_>) -> Result<String, RowError>",
            parameter("group", &lines)
        ),
        lines,
    })
}

/// An expression that yields a text: of a field that only some event types have, empty for the others.
fn by_type(
    from: &ColumnSource,
    write: impl Fn(&Value) -> Result<String, String>,
    what: &str,
) -> Result<String, Unwritable> {
    let write = |value| write(value).map_err(|reason| (what.to_owned(), reason));
    match from {
        ColumnSource::Value(value) => write(value),
        ColumnSource::ByType(values) => {
            let mut arms = String::new();
            for (number, value) in values {
                arms.push_str(&format!("{number} => {{ {} }} ", write(value)?));
            }
            Ok(format!(
                "match group.kind.number {{ {arms}_ => String::new() }}"
            ))
        }
    }
}

/// The function that makes a body.
pub(super) fn body(request: &Request, writer: &Writer<'_>) -> Result<FunctionView, Unwritable> {
    let mut lines = Vec::new();
    let whole = request.whole.as_ref().map(|whole| whole.value.values());
    let object = match whole.as_deref() {
        Some([whole]) => writer
            .object("body", whole, &mut Shared::default())
            .map_err(|reason| ("body".to_owned(), reason))?,
        _ => "function::nothing()".to_owned(),
    };
    if request.members.is_empty() {
        lines.push(format!("Ok(function::json_text({object}))"));
    } else {
        lines.push(format!("let mut body = {object};"));
        for member in &request.members {
            lines.extend(put(member, writer)?);
        }
        lines.push("Ok(function::json_text(body))".into());
    }
    Ok(FunctionView {
        doc: format!("Body of an event, for `{}`.", request.name),
        head: format!(
            "fn body({}: &Group<'_>, {}: &Context) -> Result<Vec<u8>, RowError>",
            parameter("group", &lines),
            parameter("cx", &lines)
        ),
        lines,
    })
}

/// The statements that put a member into the body. An event whose type has no such field leaves it out.
fn put(member: &Member, writer: &Writer<'_>) -> Result<Vec<String>, Unwritable> {
    let name = &member.name;
    let put = |value: &Value| -> Result<String, Unwritable> {
        let value = writer
            .member(name, value, &mut Shared::default())
            .map_err(|reason| (name.clone(), reason))?;
        Ok(format!(
            "function::put(&mut body, {}, {value});",
            literal(name)
        ))
    };
    let values = match &member.value {
        ColumnSource::Value(value) => return Ok(vec![put(value)?]),
        ColumnSource::ByType(values) => values,
    };
    if let (Some((number, value)), 1) = (values.first_key_value(), values.len()) {
        let only = format!("if group.kind.number == {number} {{ {} }}", put(value)?);
        return Ok(vec![only]);
    }
    let mut lines = vec!["match group.kind.number {".to_owned()];
    for (number, value) in values {
        lines.push(format!("{number} => {{ {} }}", put(value)?));
    }
    lines.push("_ => {}".to_owned());
    lines.push("}".to_owned());
    Ok(lines)
}
