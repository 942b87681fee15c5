//! The functions of an expression, applied to its root one after the other.

use super::Scope;
use crate::base::diagnostic::Diagnostic;
use crate::base::names::suggest;
use crate::function;
use crate::function::reading::Reading;
use crate::model::{Function, Root, Type, Value};
use crate::rules::columns::{FUNCTION_INPUT, NO_TYPE, UNKNOWN_FUNCTION, UNTYPED_VALUE};
use crate::syntax::expression::{Call, Expression};
use crate::syntax::yaml::Text;

/// Applies the functions of an expression to a root of type `ty`.
pub(super) fn apply(
    root: Root,
    ty: Type,
    expression: &Expression,
    text: &Text,
    scope: &Scope<'_>,
) -> Result<Value, Box<Diagnostic>> {
    let whole = matches!(root, Root::Payload | Root::WholeBody | Root::Headers);
    let mut untyped = matches!(root, Root::Untyped { .. });
    if untyped {
        said(expression, text)?;
    }
    if let (Root::Unknown, Some(call)) = (&root, expression.calls.first()) {
        let message = format!(
            "`$unknown` is stored as it is, without `{}`",
            call.name.text
        );
        let place = text.part(call.name.range.clone());
        let found = Diagnostic::new(&FUNCTION_INPUT, message);
        return Err(Box::new(found.at(place, "a function")));
    }
    let mut functions = Vec::new();
    let mut ty = ty;
    for call in &expression.calls {
        let definition = function::find(&call.name.text).ok_or_else(|| unknown(call, text))?;
        let arguments = definition.read(&Reading {
            call,
            text,
            on: &ty,
            values: scope,
        })?;
        let result = match &definition.scalar {
            Some(scalar) => std::mem::take(&mut untyped).then(|| nullable((scalar.ty)())),
            None => (definition.result)(&arguments, &ty),
        };
        let Some(result) = result else {
            let takes = definition.takes;
            let message = format!("`{}` takes {takes}, not {ty}", definition.name);
            let place = text.part(call.name.range.clone());
            let found = Diagnostic::new(&FUNCTION_INPUT, message);
            return Err(Box::new(found.at(place, format!("its input is {ty}"))));
        };
        ty = result;
        functions.push(Function {
            name: definition.name,
            arguments,
        });
    }
    if whole && !functions.iter().any(|step| function::of(step).of_objects) {
        let message = format!(
            "a whole message becomes a column only as JSON, not as `{}`",
            text.value
        );
        let found = Diagnostic::new(&NO_TYPE, message)
            .at(text.part(expression.path_range()), "a whole message")
            .help(format!("write `{} | json`", expression.root.text));
        return Err(Box::new(found));
    }
    Ok(Value {
        root,
        functions,
        ty,
    })
}

/// Reports a value inside a Struct of which nothing says what it is.
fn said(expression: &Expression, text: &Text) -> Result<(), Box<Diagnostic>> {
    if let Some(first) = expression.calls.first() {
        // A function that there isn't is reported as such.
        let known = function::find(&first.name.text);
        if known.is_none_or(|known| known.scalar.is_some() || known.of_objects) {
            return Ok(());
        }
    }
    let range = expression.path_range();
    let path = text.value.get(range.clone()).unwrap_or(&text.value);
    let message = format!("`{path}` has no type: a value inside a Struct needs an explicit one");
    let found = Diagnostic::new(&UNTYPED_VALUE, message)
        .at(text.part(range), "inside a Struct")
        .help(format!(
            "for example `{path} | text`, or `integer`, `number`, `boolean`, or `json` for an object"
        ));
    Err(Box::new(found))
}

fn unknown(call: &Call, text: &Text) -> Box<Diagnostic> {
    let name = call.name.text.as_str();
    let known = function::ALL.iter().map(|function| function.name);
    let found = Diagnostic::new(&UNKNOWN_FUNCTION, format!("there is no function `{name}`"))
        .at(text.part(call.name.range.clone()), "unknown function")
        .help(suggest(name, known, "functions"));
    Box::new(found)
}

fn nullable(ty: Type) -> Type {
    Type::Nullable(Box::new(ty))
}
