//! The function that appends dead letters: what is known of the failure always, of the event as far as it goes.

use prost_reflect::Kind;

use super::{Builder, Scope, Values, has, of_scope, parents, scope, unused, uses_now};
use crate::model::Root;
use crate::render::view::function::FunctionView;
use crate::render::view::values::Shared;

impl<'a> Builder<'a> {
    /// Nothing that is wrong with the event keeps its dead letter from being stored.
    pub(super) fn dead_letters(&mut self) -> FunctionView {
        let values = self.values(None);
        let mut lines = vec![self.bind()];
        for (at, value) in values.iter().enumerate() {
            if value.is_none_or(|value| scope(value) == Scope::Call) {
                lines.extend(self.store(at, *value, &mut Shared::default()));
            }
        }
        lines.extend(self.best_effort(&values, Scope::Type));
        for scope in [Scope::Header, Scope::Event] {
            if has(&values, scope) {
                lines.extend(self.best_effort_views(&values, scope));
                lines.extend(self.best_effort(&values, scope));
            }
        }
        for scope in [Scope::Payload, Scope::Body] {
            for (at, _) in of_scope(&values, scope) {
                self.refuse(
                    at,
                    "a dead letter's payload has no fields of its own here; `$payload | json` holds it whole",
                );
            }
        }
        lines.push("block.grew(1);".into());
        lines.push("Ok(())".into());
        let letter = values
            .iter()
            .flatten()
            .any(|value| matches!(value.root, Root::Error(_)));
        let group = [Scope::Type, Scope::Header, Scope::Event]
            .into_iter()
            .any(|scope| has(&values, scope));
        FunctionView {
            doc: "Appends one dead letter, with its event where one can be made out.".into(),
            head: format!(
                "pub(crate) fn append(block: &mut Block, {}: &DeadLetter<'_>, {}: Option<&Group<'_>>, {}: &Context)",
                unused("letter", letter),
                unused("group", group),
                unused("cx", uses_now(&values)),
            ),
            lines,
        }
    }

    /// The views of a scope as options.
    fn best_effort_views(&self, values: &Values<'a>, of: Scope) -> Vec<String> {
        let Some(envelope) = &self.model.envelope else {
            return Vec::new();
        };
        let (root, message, bytes) = match of {
            Scope::Header => ("header", &envelope.header_message, "group.header"),
            _ => ("event", &envelope.event_message, "group.events.first()?"),
        };
        let readers = self.writer.readers;
        let mut lines = vec![format!(
            "let {root} = group.and_then(|group| views::{}::read({bytes}).ok());",
            readers.path(message)
        )];
        for (variable, parent, field) in self.nested(root, values) {
            if let Kind::Message(message) = field.kind() {
                lines.push(format!(
                    "let {variable} = {parent}.and_then(|view| views::{}::read(view.{}.unwrap_or_default()).ok());",
                    readers.path(&message),
                    readers.field(&field)
                ));
            }
        }
        lines
    }

    /// A scope's columns: from its views where there are any, else their defaults.
    fn best_effort(&mut self, values: &Values<'a>, of: Scope) -> Vec<String> {
        let root = match of {
            Scope::Header => "header",
            Scope::Event => "event",
            _ => "group",
        };
        // Columns that are read from the same view stand together.
        let mut places: Vec<(String, bool, Vec<usize>)> = Vec::new();
        for (at, value) in of_scope(values, of) {
            let place = self.writer.variable(root, parents(value));
            let whole = matches!(value.root, Root::Payload);
            match places.iter_mut().find(|(p, ..)| *p == place) {
                Some((_, any_whole, columns)) => {
                    *any_whole |= whole;
                    columns.push(at);
                }
                None => places.push((place, whole, vec![at])),
            }
        }
        let mut lines = Vec::new();
        for (place, whole, columns) in places {
            match whole {
                true => lines.push(format!(
                    "match group.zip({place}) {{ Some((group, {place})) => {{"
                )),
                false => lines.push(format!("match {place} {{ Some({place}) => {{")),
            }
            for at in &columns {
                let value = values.get(*at).copied().flatten();
                // A dead letter's row is made once in a while, and one value must not fail for another one's sake.
                lines.extend(self.store(*at, value, &mut Shared::default()));
            }
            lines.push("} None => {".into());
            for at in columns {
                lines.push(format!("{}.default();", self.target(at)));
            }
            lines.push("} }".into());
        }
        lines
    }
}
