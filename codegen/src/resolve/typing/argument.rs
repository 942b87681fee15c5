//! Paths as arguments of functions: the values that they lead to.

use super::{Scope, try_resolve};
use crate::function::reading::{Read, Values};
use crate::function::scalar_of;
use crate::model::{From, Input, Type, Value};
use crate::syntax::expression::{Argument, Call, Expression, Word};
use crate::syntax::yaml::Text;

impl Values for Scope<'_> {
    fn value(&self, path: &Argument, text: &Text, like: Option<&Type>) -> Read<Option<Value>> {
        let Some(mut expression) = expression(path) else {
            return Ok(None);
        };
        if let Some(like) = like {
            if !matches!(self.input, Input::Json(_)) {
                return Ok(None);
            }
            if is_untyped(&expression, text, self) {
                let Some(name) = scalar_of(like) else {
                    return Ok(None);
                };
                expression.calls.push(Call {
                    name: Word {
                        text: name.to_owned(),
                        range: path.range.clone(),
                    },
                    arguments: Vec::new(),
                });
            }
        }
        Ok(match try_resolve(&expression, text, self)? {
            From::Value(found) => Some(found),
            From::ByType(_) => None,
        })
    }
}

/// An argument as an expression without functions.
fn expression(argument: &Argument) -> Option<Expression> {
    let mut path = argument.path.iter().cloned();
    Some(Expression {
        root: path.next()?,
        constant: false,
        path: path.collect(),
        calls: Vec::new(),
    })
}

/// True if a path leads into a Struct of a JSON message.
fn is_untyped(expression: &Expression, text: &Text, scope: &Scope<'_>) -> bool {
    match scope.input {
        Input::Json(message) if expression.root.text == "body" => {
            super::path(message, expression, text, scope)
                .is_ok_and(|fields| fields.len() < expression.path.len())
        }
        _ => false,
    }
}
