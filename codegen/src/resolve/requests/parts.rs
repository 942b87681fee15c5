//! Parts of requests: the expressions that choose a target, make the key of a record and the members of a body.

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::base::names::list;
use crate::function::low_cardinality::LOW_CARDINALITY;
use crate::model::{ColumnSource, Input, Member, Root, Target, To, Type, Value};
use crate::resolve::typing::{self, Scope};
use crate::resolve::{Resolved, records};
use crate::rules::requests::{CHOICE, REQUEST_BODY};
use crate::syntax::expression::{Expression, Word};
use crate::syntax::spec;
use crate::syntax::yaml::Text;

/// Scope of a request's expressions.
pub(super) struct Scoped<'a> {
    pub(super) input: Input,
    /// True if it is app events.
    pub(super) events: bool,
    /// The numbers of their types, ascending.
    pub(super) types: Vec<u32>,
    pub(super) resolved: &'a Resolved<'a>,
}

/// The whole of a body, and its members.
type Body = (Option<Member>, Vec<Member>);

impl Scoped<'_> {
    fn value(&self, text: &Text, out: &mut Diagnostics) -> Option<ColumnSource> {
        if let Some(root) = self.whole(text.value.trim()) {
            return Some(object(root));
        }
        let scope = Scope {
            input: &self.input,
            envelope: self.resolved.envelope.as_ref(),
            types: &self.types,
            types_known: true,
            proto: self.resolved.proto,
        };
        let expression = self.with_id(typing::read(text, out)?);
        let mut from = typing::resolve(&expression, text, &scope, out)?;
        match &mut from {
            ColumnSource::Value(value) => without_dictionary(value),
            ColumnSource::ByType(values) => values.values_mut().for_each(without_dictionary),
        }
        Some(from)
    }

    /// The object that a root by itself stands for.
    fn whole(&self, root: &str) -> Option<Root> {
        match root {
            "body" => Some(Root::WholeBody),
            "header" if self.events => Some(Root::Header(Vec::new())),
            "event" if self.events => Some(Root::Event(Vec::new())),
            "$payload" if self.events => Some(Root::Payload),
            _ => None,
        }
    }

    /// The expression; `$id` of an app event is the field that holds it.
    fn with_id(&self, mut expression: Expression) -> Expression {
        let envelope = self.resolved.envelope.as_ref().filter(|_| self.events);
        let id = envelope.and_then(|e| e.event_message.get_field(e.id));
        if let Some(id) = id
            && expression.root.text == "$id"
            && expression.path.is_empty()
        {
            let range = expression.root.range.clone();
            "event".clone_into(&mut expression.root.text);
            expression.path.push(Word {
                text: id.name().to_owned(),
                range,
            });
        }
        expression
    }

    /// Expression that chooses the target; none inside if there is one target.
    pub(super) fn choice(
        &self,
        request: &spec::Request,
        out: &mut Diagnostics,
    ) -> Option<Option<(ColumnSource, String)>> {
        let Some(text) = &request.by else {
            return Some(None);
        };
        let from = self.value(text, out)?;
        let ty = type_of(&from)?;
        if let Some(without) = self.type_without(&from) {
            let message = format!("events of type `{without}` have no value that chooses a target");
            out.push(
                Diagnostic::new(&CHOICE, message)
                    .at(text.span, "not in each type that comes here")
                    .help("choose by `$type` or a field of the header, or bind the queue to the types that have it"),
            );
            return None;
        }
        if ty == Type::String {
            return Some(Some((from, text.value.clone())));
        }
        let known: Vec<&str> = request
            .to
            .iter()
            .filter_map(|(value, _)| value.as_ref())
            .map(|value| value.value.as_str())
            .collect();
        let mistake = Diagnostic::new(&CHOICE, "the expression that chooses a target must be text")
            .at(text.span, format!("this is {ty}"));
        out.push(match (ty.present(), known.first()) {
            (Type::String, Some(first)) => mistake.help(format!(
                "a field that may be absent becomes text with `| default(\"{first}\")`; targets: {}",
                list(&known)
            )),
            _ => mistake,
        });
        None
    }

    /// An event type that comes here and has no such value.
    fn type_without(&self, from: &ColumnSource) -> Option<String> {
        let ColumnSource::ByType(values) = from else {
            return None;
        };
        let types = self.resolved.envelope.iter().flat_map(|e| &e.types);
        let mut types = types.filter(|(number, _)| self.types.contains(number));
        let without = types.find(|(number, _)| !values.contains_key(number));
        without.map(|(_, message)| message.name().to_owned())
    }

    /// The targets with the keys of their records.
    pub(super) fn with_keys(
        &self,
        request: &spec::Request,
        targets: Option<Vec<Target>>,
        out: &mut Diagnostics,
    ) -> Option<Vec<Target>> {
        let written = request.to.iter().map(|(_, target)| &target.to);
        let keys: Option<Vec<_>> = written
            .map(|to| match to {
                spec::To::Topic { key: Some(key), .. } => {
                    let from = self.value(key, out)?;
                    let ty = type_of(&from)?;
                    records::is_key(&ty, key, self.events, out)
                        .then(|| Some((from, key.value.clone())))
                }
                _ => Some(None),
            })
            .collect();
        let mut targets = targets?;
        for (target, found) in targets.iter_mut().zip(keys?) {
            if let To::Topic { key, .. } = &mut target.to {
                *key = found;
            }
        }
        Some(targets)
    }

    pub(super) fn body(&self, request: &spec::Request, out: &mut Diagnostics) -> Option<Body> {
        let whole = match &request.whole {
            Some(text) => Some(self.object(text, out)),
            None if request.made => None,
            None => Some(Some(Member {
                name: String::new(),
                value: object(Root::WholeBody),
                written: "body".to_owned(),
            })),
        };
        let members: Vec<Option<Member>> = request
            .members
            .iter()
            .map(|(name, text)| {
                let value = self.value(text, out)?;
                self.fits_json(&value, text, out).then(|| Member {
                    name: name.value.clone(),
                    value,
                    written: text.value.clone(),
                })
            })
            .collect();
        let whole = match whole {
            Some(whole) => Some(whole?),
            None => None,
        };
        Some((whole, members.into_iter().collect::<Option<_>>()?))
    }

    fn object(&self, text: &Text, out: &mut Diagnostics) -> Option<Member> {
        let value = self.value(text, out)?;
        let ty = type_of(&value)?;
        // What each type has of its own is in no object that all of them have.
        if ty != Type::Json || matches!(value, ColumnSource::ByType(_)) {
            out.push(
                Diagnostic::new(&REQUEST_BODY, "a body must be an object")
                    .at(text.span, format!("this is {ty}"))
                    .help("a single value becomes a member: `body: { NAME: EXPRESSION }`"),
            );
            return None;
        }
        Some(Member {
            name: String::new(),
            value,
            written: text.value.clone(),
        })
    }

    fn fits_json(&self, from: &ColumnSource, text: &Text, out: &mut Diagnostics) -> bool {
        let Some(ty) = type_of(from) else {
            return false;
        };
        let help = match ty.present() {
            Type::DateTime | Type::Millis | Type::Micros => {
                format!("write it out: `{} | rfc3339`", text.value)
            }
            Type::LowCardinality(_) => "leave `low_cardinality` out".to_owned(),
            Type::Array(_) | Type::Map(..) => "keep it in the object around it".to_owned(),
            _ => return true,
        };
        let message = format!("JSON has no {ty}");
        let mistake = Diagnostic::new(&REQUEST_BODY, message).at(text.span, "not a JSON value");
        out.push(mistake.help(help));
        false
    }
}

/// A whole message as an object.
fn object(root: Root) -> ColumnSource {
    ColumnSource::Value(Value {
        root,
        functions: Vec::new(),
        ty: Type::Json,
    })
}

/// An enum is a text here; only as a column is it one of few.
fn without_dictionary(value: &mut Value) {
    let asked = value
        .functions
        .iter()
        .any(|f| f.name == LOW_CARDINALITY.name);
    if let (false, Type::LowCardinality(text)) = (asked, &value.ty) {
        value.ty = (**text).clone();
    }
}

fn type_of(from: &ColumnSource) -> Option<Type> {
    from.values().first().map(|value| value.ty.clone())
}
