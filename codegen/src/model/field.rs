//! Types of fields as proto files write them.

use prost_reflect::{FieldDescriptor, Kind};

/// A field's type as the proto file writes it, with full names.
pub fn field_type(field: &FieldDescriptor) -> String {
    if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
        return format!(
            "map<{}, {}>",
            single(&entry.map_entry_key_field()),
            single(&entry.map_entry_value_field())
        );
    }
    let ty = single(field);
    if field.is_list() {
        return format!("repeated {ty}");
    }
    if field.field_descriptor_proto().proto3_optional() {
        return format!("optional {ty}");
    }
    ty
}

fn single(field: &FieldDescriptor) -> String {
    let name = match field.kind() {
        Kind::Double => "double",
        Kind::Float => "float",
        Kind::Int32 => "int32",
        Kind::Int64 => "int64",
        Kind::Uint32 => "uint32",
        Kind::Uint64 => "uint64",
        Kind::Sint32 => "sint32",
        Kind::Sint64 => "sint64",
        Kind::Fixed32 => "fixed32",
        Kind::Fixed64 => "fixed64",
        Kind::Sfixed32 => "sfixed32",
        Kind::Sfixed64 => "sfixed64",
        Kind::Bool => "bool",
        Kind::String => "string",
        Kind::Bytes => "bytes",
        Kind::Message(message) => return message.full_name().to_owned(),
        Kind::Enum(names) => return names.full_name().to_owned(),
    };
    name.to_owned()
}
