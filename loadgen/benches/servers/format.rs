//! The formats that rows are sent in, with the statements and settings that ClickHouse takes them with.
//!
//! All begin with the requests as they come over the wire. Ours go from there to columns; the others decode each
//! request into structs, as most services do, and their payload into JSON.

use std::fmt::Write as _;

use crate::rows;

/// Format of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Native, as in the server: columns straight from the wire, the JSON column as a column for each of its paths.
    Native,
    /// Native, but the JSON column as a text a row, which ClickHouse parses. The columns of the paths are made all the
    /// same and left out in the end, so that the client's figure means nothing.
    NativeWithText,
    /// A row after the other in ClickHouse's own binary format, the JSON column as a text.
    RowBinary,
    /// A message a row with a field for each column. The format knows no JSON columns: its text comes as a string,
    /// which ClickHouse casts.
    Protobuf,
    /// An object a row.
    JsonEachRow,
}

pub(crate) const FORMATS: [Format; 5] = [
    Format::Native,
    Format::NativeWithText,
    Format::RowBinary,
    Format::Protobuf,
    Format::JsonEachRow,
];

impl Format {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Format::Native => "Native, JSON in columns (ours)",
            Format::NativeWithText => "Native, JSON as text",
            Format::RowBinary => "RowBinary, JSON as text",
            Format::Protobuf => "Protobuf, JSON as text",
            Format::JsonEachRow => "JSONEachRow",
        }
    }

    /// The statement that the bytes belong to.
    pub(crate) fn statement(self) -> String {
        let columns = rows::table("event").columns;
        let names: Vec<&str> = columns.iter().map(|c| c.name).collect();
        let names = names.join(", ");
        match self {
            Format::Native | Format::NativeWithText => {
                format!("INSERT INTO event ({names}) FORMAT Native")
            }
            Format::RowBinary => format!("INSERT INTO event ({names}) FORMAT RowBinary"),
            Format::JsonEachRow => format!("INSERT INTO event ({names}) FORMAT JSONEachRow"),
            Format::Protobuf => {
                let (mut sent, mut made) = (Vec::new(), Vec::new());
                for column in columns {
                    let name = column.name;
                    let (ty, value) = match column.ty {
                        "JSON" => ("String", format!("{name}::JSON")),
                        ty if ty.starts_with("DateTime64") => {
                            ("Int64", format!("fromUnixTimestamp64Milli({name}, 'UTC')"))
                        }
                        ty => (ty, name.to_owned()),
                    };
                    sent.push(format!("{name} {ty}"));
                    made.push(value);
                }
                format!(
                    "INSERT INTO event ({names}) SELECT {} FROM input('{}') FORMAT Protobuf",
                    made.join(", "),
                    sent.join(", ")
                )
            }
        }
    }

    /// The settings that only this format needs.
    pub(crate) fn settings(self) -> Vec<(&'static str, String)> {
        match self {
            Format::Native | Format::NativeWithText => Vec::new(),
            Format::RowBinary => {
                vec![("input_format_binary_read_json_as_string", "1".to_owned())]
            }
            // In pieces by several threads, an insert would be several parts.
            Format::JsonEachRow => vec![("input_format_parallel_parsing", "0".to_owned())],
            Format::Protobuf => vec![
                ("format_schema_source", "string".to_owned()),
                ("format_schema", schema()),
                ("format_schema_message_name", "Row".to_owned()),
            ],
        }
    }
}

/// The schema of a row as ClickHouse is told it.
fn schema() -> String {
    let mut text = String::from("syntax = \"proto3\";\nmessage Row {\n");
    for (tag, column) in (1..).zip(rows::table("event").columns) {
        let numeric = column.ty == "Int64" || column.ty.starts_with("DateTime64");
        let ty = if numeric { "int64" } else { "string" };
        writeln!(text, "  {ty} {} = {tag};", column.name).unwrap();
    }
    text.push_str("}\n");
    text
}
