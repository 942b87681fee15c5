//! The arguments of functions: names of parts and headers, and paths to other values.

use std::ops::Range;

use crate::base::diagnostic::Diagnostic;
use crate::base::names::suggest;
use crate::model::{From, Function, Input, Root, Type, UserAgentPart, Value};
use crate::rules::columns::BAD_ARGUMENT;
use crate::rules::webhooks::HEADER_NAME;
use crate::syntax::expression::{Argument, Call, Expression, Word};
use crate::syntax::yaml::Text;

use super::scalar::like;
use super::{Scope, try_resolve};

/// What `user_agent` knows, and whether it is true or false rather than text.
pub(crate) const USER_AGENT: [(&str, bool); 12] = [
    ("mozilla", false),
    ("platform", false),
    ("os", false),
    ("os_name", false),
    ("os_full_name", false),
    ("os_version", false),
    ("localization", false),
    ("model", false),
    ("browser_name", false),
    ("browser_version", false),
    ("bot", true),
    ("mobile", true),
];

/// A part of what a user agent says.
pub(super) fn user_agent(part: &Argument, text: &Text) -> Result<Function, Box<Diagnostic>> {
    let known = USER_AGENT.iter().find(|(name, _)| *name == part.text);
    if let Some((name, truth)) = known {
        let (name, truth) = (*name, *truth);
        return Ok(Function::UserAgent(UserAgentPart { name, truth }));
    }
    let message = format!("a user agent has no part `{}`", part.text);
    let names = USER_AGENT.iter().map(|(name, _)| *name);
    let found = Diagnostic::new(&BAD_ARGUMENT, message)
        .at(text.part(part.range.clone()), "unknown")
        .help(suggest(&part.text, names, "it says"));
    Err(Box::new(found))
}

/// A header's name, if HTTP could have it.
pub(super) fn header_name(
    name: &str,
    range: Range<usize>,
    text: &Text,
) -> Result<String, Box<Diagnostic>> {
    if crate::base::names::is_header(name) {
        return Ok(name.to_owned());
    }
    let message = format!("`{name}` is not a valid header name");
    let found = Diagnostic::new(&HEADER_NAME, message).at(text.part(range), "not a name");
    Err(Box::new(found.help("a name holds letters, digits and -._")))
}

/// An argument as an expression without functions.
fn path(argument: &Argument) -> Option<Expression> {
    let mut path = argument.path.iter().cloned();
    Some(Expression {
        root: path.next()?,
        constant: false,
        path: path.collect(),
        calls: Vec::new(),
    })
}

/// The value in the place of an absent one, which must be of its type; inside a Struct it is read as such.
pub(super) fn instead(
    other: &Argument,
    on: &Type,
    text: &Text,
    scope: &Scope<'_>,
) -> Result<Value, Box<Diagnostic>> {
    let bad = || Err(bad_alternative(other, on, text));
    let json = matches!(scope.input, Input::Json(_));
    let Some(mut expression) = path(other).filter(|_| json) else {
        return bad();
    };
    if is_untyped(&expression, text, scope) {
        let Some(name) = like(on.present()) else {
            return bad();
        };
        expression.calls.push(Call {
            name: Word {
                text: name.to_owned(),
                range: other.range.clone(),
            },
            arguments: Vec::new(),
        });
    }
    match try_resolve(&expression, text, scope)? {
        From::Value(found) if found.ty.present() == on.present() => Ok(found),
        _ => bad(),
    }
}

/// Whether a path leads into a Struct of a JSON message.
fn is_untyped(expression: &Expression, text: &Text, scope: &Scope<'_>) -> bool {
    match scope.input {
        Input::Json(message) if expression.root.text == "body" => {
            super::path(message, expression, text, scope)
                .is_ok_and(|fields| fields.len() < expression.path.len())
        }
        _ => false,
    }
}

fn bad_alternative(other: &Argument, on: &Type, text: &Text) -> Box<Diagnostic> {
    let present = on.present();
    let message = format!("`{}` can't replace {present}", other.text);
    let found = Diagnostic::new(&BAD_ARGUMENT, message)
        .at(text.part(other.range.clone()), "of another type")
        .help("`coalesce` takes a path of a JSON message to a value of the same type; a constant text is `default(\"TEXT\")`");
    Box::new(found)
}

/// What becomes a member of an object: a single value out of the body.
pub(super) fn member(
    value: &Argument,
    text: &Text,
    scope: &Scope<'_>,
) -> Result<Value, Box<Diagnostic>> {
    if let Some(path) = path(value)
        && let From::Value(found) = try_resolve(&path, text, scope)?
        && matches!(found.root, Root::Body(_) | Root::Id | Root::HeaderOf(_))
        && *found.ty.present() != Type::Json
    {
        return Ok(found);
    }
    let message = format!("`{}` can't be a member of an object", value.text);
    let found = Diagnostic::new(&BAD_ARGUMENT, message)
        .at(text.part(value.range.clone()), "not a single value")
        .help(
            "`with` takes text, a number or a boolean from the body: `with(\"key\", body.field)`",
        );
    Err(Box::new(found))
}
