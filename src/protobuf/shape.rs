//! The fields of a protobuf message as constant data, for everything that walks a message without decoding it.

/// A message's fields.
#[derive(Debug)]
pub struct Shape {
    /// The message's full name.
    pub name: &'static str,
    /// Its fields, by ascending number.
    pub fields: &'static [Field],
    /// For each field number below its length: one more than the field's index, or 0 where there is none.
    pub dense: &'static [u8],
    /// Fields of a JSON message of which at least one is required; empty if there is no such rule.
    pub any_of: &'static [&'static str],
    /// Fields that it had and of which nothing is kept that is still sent, by ascending number.
    pub retired: &'static [RetiredField],
}

impl Shape {
    /// The field with this number, and its index.
    #[inline]
    pub fn field(&self, number: u32) -> Option<(usize, &'static Field)> {
        let index = match self.dense.get(number as usize) {
            Some(0) => return None,
            Some(&next) => usize::from(next) - 1,
            None => self
                .fields
                .binary_search_by_key(&number, |f| f.number)
                .ok()?,
        };
        Some((index, self.fields.get(index)?))
    }

    /// The discarded field that had this number. It is asked only where a field is unknown.
    pub fn retired(&self, number: u32) -> Option<&'static RetiredField> {
        let at = self.retired.binary_search_by_key(&number, |f| f.number);
        self.retired.get(at.ok()?)
    }

    /// The discarded field that had this name in the proto file or in JSON, likewise.
    pub fn retired_name(&self, name: &str) -> Option<&'static RetiredField> {
        let mut retired = self.retired.iter();
        retired.find(|field| field.json_name == name || field.name == name)
    }
}

/// A field that a message had and that is retired. What is still sent of it is not kept.
#[derive(Debug, PartialEq, Eq)]
pub struct RetiredField {
    /// The message's full name.
    pub message: &'static str,
    /// The number that it had on the wire.
    pub number: u32,
    /// The name that it had in the proto file.
    pub name: &'static str,
    /// The name that it had in proto3 JSON.
    pub json_name: &'static str,
}

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    /// Its number on the wire.
    pub number: u32,
    /// Its name in the proto file.
    pub name: &'static str,
    /// Its name in proto3 JSON.
    pub json_name: &'static str,
    /// Kind of a single value.
    pub kind: Kind,
    /// Cardinality of the field.
    pub label: Label,
}

/// Kind of a single value of a field.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs)]
pub enum Kind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
    /// The names of the enum's values by number, ascending; of aliases the first in the proto file comes first.
    Enum(&'static [(i32, &'static str)]),
    Message(&'static Shape),
    /// A map field: the shape of its entry, with the key as field 1 and the value as field 2.
    Map(&'static Shape),
    /// `google.protobuf.Timestamp`, whose shape is given too.
    Timestamp(&'static Shape),
    /// `google.protobuf.Struct`, whose shape is given too.
    Struct(&'static Shape),
}

/// The name of an enum's value: of aliases the first.
pub fn first_name(names: &'static [(i32, &'static str)], number: i32) -> Option<&'static str> {
    let at = names.partition_point(|(known, _)| *known < number);
    let (known, name) = names.get(at)?;
    (*known == number).then_some(*name)
}

impl Kind {
    /// The shape of what is inside, for the kinds that nest.
    pub fn shape(self) -> Option<&'static Shape> {
        match self {
            Kind::Message(s) | Kind::Map(s) | Kind::Timestamp(s) | Kind::Struct(s) => Some(s),
            _ => None,
        }
    }
}

/// Cardinality of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// At most once; absent means the default value.
    Implicit,
    /// At most once; absent differs from the default.
    Optional,
    /// At most once, and excludes the other members of the oneof with this index.
    Oneof(u8),
    /// Any number of times; maps too.
    Repeated,
}
