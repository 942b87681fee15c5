//! A wildcard over a function that says many things of one value: a column for each.

use super::{Column, doc, stands_for_nothing, type_of};
use crate::base::diagnostic::Diagnostics;
use crate::function::low_cardinality::LOW_CARDINALITY;
use crate::function::user_agent::{PARTS, USER_AGENT};
use crate::model;
use crate::resolve::typing::{self, Scope};
use crate::syntax::expression::{Argument, Call, Expression};
use crate::syntax::spec;
use crate::syntax::yaml::Text;

/// The columns of what `PATH | user_agent` says, but for those that an explicit column is called like.
pub(super) fn expand(
    text: &Text,
    table: &spec::Table,
    scope: &Scope<'_>,
    out: &mut Diagnostics,
) -> Option<Vec<Column>> {
    let expression = typing::read(text, out)?;
    let last = expression.calls.last()?.clone();
    if last.name.text != USER_AGENT.name || !last.arguments.is_empty() {
        out.push(stands_for_nothing(text));
        return None;
    }
    let mut columns = Vec::new();
    for (name, truth) in PARTS {
        if table.column(name).is_some() {
            continue;
        }
        let part = part(&expression, &last, name, truth);
        let from = typing::resolve(&part, text, scope, out)?;
        let dictionary = if truth { "" } else { " | low_cardinality" };
        let before = text.value.get(..last.name.range.start).unwrap_or_default();
        columns.push(Column {
            column: model::Column {
                name: name.to_owned(),
                ty: type_of(&from)?,
                doc: doc(&from, scope),
                from,
                written: format!("{before}user_agent(\"{name}\"){dictionary}"),
            },
            place: text.span,
            expanded: None,
        });
    }
    Some(columns)
}

/// `PATH | user_agent("NAME")`, with a dictionary for text.
fn part(expression: &Expression, last: &Call, name: &str, truth: bool) -> Expression {
    let mut part = expression.clone();
    if let Some(call) = part.calls.last_mut() {
        call.arguments.push(Argument {
            text: name.to_owned(),
            quoted: true,
            path: Vec::new(),
            range: last.name.range.clone(),
        });
    }
    if !truth {
        let mut name = last.name.clone();
        LOW_CARDINALITY.name.clone_into(&mut name.text);
        part.calls.push(Call {
            name,
            arguments: Vec::new(),
        });
    }
    part
}
