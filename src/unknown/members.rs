//! The members of a JSON message that its declaration doesn't have.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::push_part;
use super::set::{Unknown, Value};
use crate::json::{Map, Value as Json};
use crate::protobuf::{Field, Kind, Label, Shape};

/// A shape's fields by name.
type ByName = Rc<[&'static Field]>;

thread_local! {
    /// By the address of a shape.
    static BY_NAME: RefCell<HashMap<usize, ByName>> = RefCell::default();
}

/// Undeclared members of a JSON message; none if there are none.
pub(super) fn undeclared(shape: &'static Shape, body: &Map) -> Option<Unknown> {
    let mut unknown = None;
    let mut path = String::new();
    object(shape, body, &mut path, &mut unknown);
    let mut unknown: Unknown = unknown?;
    unknown.close();
    Some(unknown)
}

/// `path` is that of the object, without its root.
fn object(shape: &'static Shape, object: &Map, path: &mut String, unknown: &mut Option<Unknown>) {
    let fields = by_name(shape);
    // Members come in the order of their names, as a rule.
    let mut from = 0;
    for (name, value) in object {
        let rest = fields.get(from..).unwrap_or_default();
        let skipped = rest
            .iter()
            .take_while(|field| field.name < name.as_str())
            .count();
        let field = match rest.get(skipped) {
            Some(field) if field.name == name => {
                from += skipped + 1;
                Some(*field)
            }
            _ => {
                let found = fields.binary_search_by(|field| field.name.cmp(name));
                found.ok().and_then(|at| fields.get(at).copied())
            }
        };
        let end = path.len();
        match field {
            None => {
                let unknown = unknown.get_or_insert_default();
                if let Some(field) = shape.retired_name(name) {
                    unknown.note_retired(field);
                    continue;
                }
                push_part(path, name);
                let pointer = format!("/body{path}");
                unknown.add(&pointer, Value::Json(value.to_string()));
            }
            Some(field) => inside(field, value, path, unknown),
        }
        path.truncate(end);
    }
}

/// Goes on inside the messages of a field.
fn inside(field: &'static Field, value: &Json, path: &mut String, unknown: &mut Option<Unknown>) {
    let (shape, is_map) = match field.kind {
        Kind::Message(shape) => (shape, false),
        Kind::Map(entry) => match entry.field(2).map(|(_, value)| value.kind) {
            Some(Kind::Message(shape)) => (shape, true),
            _ => return,
        },
        _ => return,
    };
    push_part(path, field.name);
    let end = path.len();
    let mut each = |part: Option<&str>, value: &Json| {
        if let Json::Object(members) = value {
            if let Some(part) = part {
                push_part(path, part);
            }
            object(shape, members, path, unknown);
            path.truncate(end);
        }
    };
    match value {
        Json::Object(entries) if is_map => {
            entries
                .iter()
                .for_each(|(key, value)| each(Some(key), value));
        }
        Json::Array(items) if field.label == Label::Repeated && !is_map => {
            for (at, item) in items.iter().enumerate() {
                each(Some(&at.to_string()), item);
            }
        }
        value => each(None, value),
    }
}

fn by_name(shape: &'static Shape) -> ByName {
    BY_NAME.with_borrow_mut(|known| {
        let by_name = known
            .entry(std::ptr::from_ref(shape).addr())
            .or_insert_with(|| {
                let mut fields: Vec<&'static Field> = shape.fields.iter().collect();
                fields.sort_unstable_by_key(|field| field.name);
                fields.into()
            });
        Rc::clone(by_name)
    })
}
