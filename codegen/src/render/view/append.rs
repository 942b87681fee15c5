//! The functions that append rows: for events, for JSON messages and for dead letters.

mod dead_letters;
mod json;
mod scope;
mod unknown;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::function::{FunctionView, Functions, TypeView};
use super::names::{Taken, snake};
use super::readers::Readers;
use super::refused::Refused;
use super::shapes::Shapes;
use super::values::{Failing, Shared, Writer};
use scope::{Scope, scope};

use crate::model::{ColumnSource, Input, Model, Root, Table, Value};

/// The functions of a table, and the columns that can't be written.
pub fn functions(
    model: &Model,
    table: &Table,
    shapes: &Shapes,
    readers: &Readers,
) -> (Functions, Vec<Refused>) {
    let failing = match table.input {
        Input::DeadLetters => Failing::GivesDefault,
        Input::Events | Input::Json(_) => Failing::Fails,
    };
    let (targets, taken) = targets(table);
    let mut builder = Builder {
        model,
        table,
        writer: Writer {
            shapes,
            readers,
            failing,
            by_path: false,
        },
        targets,
        taken,
        refused: Vec::new(),
    };
    let functions = match &table.input {
        Input::Events => builder.events(),
        Input::Json(_) => Functions::of_all(builder.json()),
        Input::DeadLetters => Functions::of_all(builder.dead_letters()),
    };
    (functions, builder.refused)
}

/// Names that columns are bound to, apart from those of the functions' own variables; and all of these names.
fn targets(table: &Table) -> (Vec<String>, Taken) {
    let mut taken = Taken::with(&[
        "block", "group", "message", "letter", "cx", "more", "header", "event", "payload", "bytes",
        "value", "aside",
    ]);
    let columns = table.columns.iter();
    let targets = columns
        .map(|column| taken.claim(snake(&column.name)))
        .collect();
    (targets, taken)
}

/// Writes the functions of one table.
struct Builder<'a> {
    model: &'a Model,
    table: &'a Table,
    writer: Writer<'a>,
    /// The variables of the columns.
    targets: Vec<String>,
    /// The names of all variables.
    taken: Taken,
    refused: Vec<Refused>,
}

/// Each column's value; none where the event type lacks it.
type Values<'a> = Vec<Option<&'a Value>>;

impl<'a> Builder<'a> {
    fn events(&mut self) -> Functions {
        let by_type = self.table.columns.iter().any(|column| match &column.from {
            ColumnSource::ByType(_) => true,
            ColumnSource::Value(value) => scope(value) == Scope::Payload,
        });
        if by_type {
            return self.events_by_type();
        }
        let values = self.values(None);
        let mut lines = Vec::new();
        if !self.table.every_type {
            let types: Vec<String> = self.table.types.iter().map(u32::to_string).collect();
            lines.push(format!(
                "if !matches!(group.kind.number, {}) {{ return Err(RowError::Unexpected(group.kind.name)); }}",
                types.join(" | ")
            ));
        }
        lines.append(&mut self.event_lines(&values, None));
        Functions::of_all(append_events(uses_now(&values), lines))
    }

    /// One function for each type, and one that chooses.
    fn events_by_type(&mut self) -> Functions {
        let all = self.model.envelope.iter().flat_map(|e| &e.types);
        let types: Vec<_> = all
            .filter(|(number, _)| self.table.types.contains(number))
            .collect();
        let mut names = Taken::with(&["mod"]);
        let mut by_type = Vec::new();
        let mut choose = vec!["match group.kind.number {".to_owned()];
        let mut any_now = false;
        for (number, message) in types {
            let values = self.values(Some((*number, message)));
            let module = names.claim(snake(message.name()));
            let now = uses_now(&values);
            any_now |= now;
            let (parameter, argument) = match now {
                true => (", cx: &Context", ", cx"),
                false => ("", ""),
            };
            choose.push(format!(
                "{number} => {module}::append(block, group{argument}),"
            ));
            by_type.push(TypeView {
                module,
                table: self.table.name.clone(),
                function: FunctionView {
                    doc: format!("Appends events of type `{}`.", message.name()),
                    head: format!(
                        "pub(super) fn append(block: &mut Block, group: &Group<'_>{parameter})"
                    ),
                    lines: self.event_lines(&values, Some(message)),
                },
            });
        }
        choose.push("_ => Err(RowError::Unexpected(group.kind.name)),".into());
        choose.push("}".into());
        Functions {
            append: append_events(any_now, choose),
            by_type,
        }
    }

    /// Values that the whole group shares are looked up once, after the events.
    fn event_lines(
        &mut self,
        values: &Values<'a>,
        payload: Option<&MessageDescriptor>,
    ) -> Vec<String> {
        let mut each = Vec::new();
        let mut once = Vec::new();
        let mut of_event = self.shared(values, Scope::is_of_event);
        let mut of_group = self.shared(values, |scope| !scope.is_of_event());
        for (at, value) in values.iter().enumerate() {
            match value.map(scope) {
                Some(Scope::Unknown) => {}
                Some(scope) if scope.is_of_event() => {
                    each.extend(self.store(at, *value, &mut of_event));
                }
                _ => {
                    once.extend(self.store(at, *value, &mut of_group));
                    once.push(format!("{}.repeat(more);", self.target(at)));
                }
            }
        }

        let unknown = self.unknown_lines(values, payload);
        let mut aside = None;
        if let Some((header, event)) = unknown {
            aside = Some(header);
            each.push(event);
        }

        let mut lines = vec![self.bind()];
        if !once.is_empty() {
            lines.push(
                "let Some(more) = group.events.len().checked_sub(1) else { return Ok(()); };"
                    .into(),
            );
        }
        if has(values, Scope::Header) || (aside.is_some() && self.is_header_flagged()) {
            lines.extend(self.header_view("group.header"));
            lines.extend(self.nested_views("header", values));
        }
        lines.extend(aside);
        if !each.is_empty() {
            lines.push("for bytes in group.events {".into());
            if let Some(envelope) = &self.model.envelope {
                lines.push(read(
                    "event",
                    &envelope.event_message,
                    self.writer.readers,
                    "bytes",
                ));
            }
            lines.extend(self.nested_views("event", values));
            if let Some(message) = payload.filter(|_| has(values, Scope::Payload)) {
                lines.push(read(
                    "payload",
                    message,
                    self.writer.readers,
                    "event.payload",
                ));
                lines.extend(self.nested_views("payload", values));
            }
            lines.append(&mut each);
            lines.push("}".into());
        }
        lines.append(&mut once);
        lines.push("block.grew(group.events.len());".into());
        lines.push("Ok(())".into());
        lines
    }

    /// `let [a, b] = block.columns()?;`
    fn bind(&self) -> String {
        format!("let [{}] = block.columns()?;", self.targets.join(", "))
    }

    fn header_view(&self, bytes: &str) -> Option<String> {
        let envelope = self.model.envelope.as_ref()?;
        Some(read(
            "header",
            &envelope.header_message,
            self.writer.readers,
            bytes,
        ))
    }

    /// The views of messages inside `root`.
    fn nested_views(&self, root: &str, values: &Values<'a>) -> Vec<String> {
        let mut lines = Vec::new();
        for (variable, parent, field) in self.nested(root, values) {
            if let Kind::Message(message) = field.kind() {
                let bytes = format!(
                    "{parent}.{}.unwrap_or_default()",
                    self.writer.readers.field(&field)
                );
                lines.push(read(&variable, &message, self.writer.readers, &bytes));
            }
        }
        lines
    }

    /// Messages inside `root` that values go through: variable, variable of the parent, field; parents first.
    fn nested(&self, root: &str, values: &Values<'a>) -> Vec<(String, String, FieldDescriptor)> {
        let mut found: Vec<(String, String, FieldDescriptor)> = Vec::new();
        for value in values.iter().flatten() {
            let begins = match value.root {
                Root::Header(_) => "header",
                Root::Event(_) => "event",
                Root::PayloadField(_) => "payload",
                _ => continue,
            };
            if begins != root {
                continue;
            }
            let path = parents(value);
            for (depth, field) in path.iter().enumerate() {
                let above = path.get(..depth).unwrap_or_default();
                let within = path.get(..=depth).unwrap_or_default();
                let variable = self.writer.variable(root, within);
                if found.iter().all(|(known, ..)| *known != variable) {
                    found.push((variable, self.writer.variable(root, above), field.clone()));
                }
            }
        }
        found
    }

    /// Each column's value for this event type, or for every input.
    fn values(&self, of: Option<(u32, &MessageDescriptor)>) -> Values<'a> {
        let columns = self.table.columns.iter();
        columns
            .map(|column| match (&column.from, of) {
                (ColumnSource::ByType(values), Some((number, _))) => values.get(&number),
                (ColumnSource::ByType(values), None) => values.values().next(),
                (ColumnSource::Value(value), Some((_, message))) => match &value.root {
                    // A field of one type's payload says nothing about the others.
                    Root::PayloadField(path) => path
                        .first()
                        .is_some_and(|f| f.parent_message().full_name() == message.full_name())
                        .then_some(value),
                    _ => Some(value),
                },
                (ColumnSource::Value(value), None) => Some(value),
            })
            .collect()
    }

    /// Shared subexpressions of the values of some scopes.
    fn shared(&self, values: &Values<'a>, of: impl Fn(Scope) -> bool) -> Shared {
        let mut taken = self.taken.clone();
        for root in ["header", "event", "payload"] {
            for (view, ..) in self.nested(root, values) {
                taken.claim(view);
            }
        }
        let values = values.iter().flatten().copied();
        Shared::among(values.filter(|value| of(scope(value))), taken)
    }

    /// The statements that append a column's value.
    fn store(&mut self, at: usize, value: Option<&Value>, shared: &mut Shared) -> Vec<String> {
        let target = self.target(at);
        let (Some(value), Some(column)) = (value, self.table.columns.get(at)) else {
            return vec![format!("{target}.default();")];
        };
        match self
            .writer
            .store(&target, &column.name, &column.ty, value, shared)
        {
            Ok(lines) => lines,
            Err(reason) => {
                self.refuse(at, &reason);
                Vec::new()
            }
        }
    }

    fn refuse(&mut self, at: usize, reason: &str) {
        let column = self.table.columns.get(at).map(|c| c.name.clone());
        self.refused.push(Refused {
            table: self.table.name.clone(),
            column: column.unwrap_or_default(),
            reason: reason.to_owned(),
        });
    }

    fn target(&self, at: usize) -> String {
        self.targets.get(at).cloned().unwrap_or_default()
    }
}

fn append_events(uses_now: bool, lines: Vec<String>) -> FunctionView {
    let cx = unused("cx", uses_now);
    FunctionView {
        doc: "Appends the events of one group.".into(),
        head: format!("pub(crate) fn append(block: &mut Block, group: &Group<'_>, {cx}: &Context)"),
        lines,
    }
}

/// The fields above the last one.
fn parents(value: &Value) -> &[FieldDescriptor] {
    match &value.root {
        Root::Header(path) | Root::Event(path) | Root::PayloadField(path) => {
            path.split_last().map_or(&[], |(_, parents)| parents)
        }
        _ => &[],
    }
}

fn of_scope<'a>(
    values: &Values<'a>,
    of: Scope,
) -> impl Iterator<Item = (usize, &'a Value)> + use<'a> {
    let found: Vec<_> = values
        .iter()
        .enumerate()
        .filter_map(|(at, value)| value.filter(|v| scope(v) == of).map(|v| (at, v)))
        .collect();
    found.into_iter()
}

fn has(values: &Values<'_>, of: Scope) -> bool {
    values.iter().flatten().any(|value| scope(value) == of)
}

fn uses_now(values: &Values<'_>) -> bool {
    values.iter().flatten().any(|value| value.uses_now())
}

/// A parameter's name, marked where nothing uses it.
fn unused(name: &str, used: bool) -> String {
    if used {
        name.into()
    } else {
        format!("_{name}")
    }
}

/// `let VARIABLE = VIEW::read(BYTES)?;`
fn read(variable: &str, message: &MessageDescriptor, readers: &Readers, bytes: &str) -> String {
    format!(
        "let {variable} = views::{}::read({bytes})?;",
        readers.path(message)
    )
}
