//! Comments in proto files, found by the path of what they stand above.

use std::collections::HashMap;

use prost_reflect::{
    DescriptorPool, EnumDescriptor, FieldDescriptor, FileDescriptor, MessageDescriptor,
};

/// The comments above messages and fields.
#[derive(Debug, Default)]
pub struct Comments(HashMap<(String, Vec<i32>), String>);

impl Comments {
    /// All comments of a pool's files.
    pub fn of(pool: &DescriptorPool) -> Self {
        let mut all = HashMap::new();
        for file in pool.files() {
            let Some(info) = &file.file_descriptor_proto().source_code_info else {
                continue;
            };
            for location in &info.location {
                let text = match (location.leading_comments(), location.trailing_comments()) {
                    ("", trailing) => trailing,
                    (leading, _) => leading,
                };
                if !text.is_empty() {
                    all.insert((file.name().to_owned(), location.path.clone()), flow(text));
                }
            }
        }
        Comments(all)
    }

    /// The comment at the top of a file, as one paragraph; empty if there is none.
    pub fn file(&self, file: &FileDescriptor) -> &str {
        /// `FileDescriptorProto.syntax`, which stands first.
        const SYNTAX: i32 = 12;
        self.at(file, &[SYNTAX])
    }

    /// The comment above a message, as one paragraph; empty if there is none.
    pub fn message(&self, message: &MessageDescriptor) -> &str {
        self.at(&message.parent_file(), message.path())
    }

    /// The comment above an enum, as one paragraph; empty if there is none.
    pub fn enumeration(&self, found: &EnumDescriptor) -> &str {
        self.at(&found.parent_file(), found.path())
    }

    /// The comment on a field, as one paragraph; empty if there is none.
    pub fn field(&self, field: &FieldDescriptor) -> &str {
        self.at(&field.parent_message().parent_file(), field.path())
    }

    fn at(&self, file: &FileDescriptor, path: &[i32]) -> &str {
        self.0
            .get(&(file.name().to_owned(), path.to_vec()))
            .map(String::as_str)
            .unwrap_or_default()
    }
}

/// One paragraph.
fn flow(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
