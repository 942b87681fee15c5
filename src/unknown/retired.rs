//! Retired fields among unknown members of JSON.

use super::parts;
use crate::protobuf::{Kind, Label, RetiredField, Shape};

/// Finds what retired field a pointer names. Pointers that follow one another mostly lead into the same message.
pub(super) struct Finder<'p> {
    root: &'static Shape,
    /// Length of the part of each pointer that names the root.
    below: usize,
    /// The last way, and the message that it leads to.
    last: Option<(&'p str, Option<&'static Shape>)>,
}

impl<'p> Finder<'p> {
    /// For pointers that begin with the name of a message's root.
    pub(super) fn new(root: &'static Shape, name: &str) -> Self {
        Finder {
            root,
            below: name.len(),
            last: None,
        }
    }

    /// The discarded field of a pointer, if it is one.
    pub(super) fn find(&mut self, pointer: &'p str) -> Option<&'static RetiredField> {
        let (way, _) = pointer.rsplit_once('/')?;
        let shape = match self.last {
            Some((last, shape)) if last == way => shape,
            _ => {
                let shape = message_at(self.root, way.get(self.below..).unwrap_or_default());
                self.last = Some((way, shape));
                shape
            }
        }?;
        if shape.retired.is_empty() {
            return None;
        }
        shape.retired_name(&parts(pointer).last()?)
    }
}

/// The message that a way from another one leads to.
fn message_at(mut shape: &'static Shape, way: &str) -> Option<&'static Shape> {
    let mut names = parts(way);
    while let Some(name) = names.next() {
        let mut fields = shape.fields.iter();
        let field = fields.find(|field| field.json_name == name)?;
        shape = match field.kind {
            Kind::Map(entry) => {
                names.next()?;
                let (_, value) = entry.field(2)?;
                value.kind.shape()?
            }
            kind => {
                if field.label == Label::Repeated {
                    names.next()?;
                }
                kind.shape()?
            }
        };
    }
    Some(shape)
}
