//! Declarations of many event types and tables: those of this repository, and more of the same kinds.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// Event types of one proto file.
const IN_A_FILE: usize = 20;
/// Event types of one table.
const IN_A_TABLE: usize = 5;
/// Field number of the first event type in the envelope's oneof.
const FIRST: usize = 1000;

/// The file of the envelope, from the project's root.
const ENVELOPE: &str = "proto/event/envelope.proto";
/// That of the sources, queues and tables.
const PIPELINE: &str = "pipeline.yaml";

/// Adds so many event types and tables to the declarations of a project.
pub(super) fn add(root: &Path, types: usize, tables: usize) -> Result<()> {
    let mut imports = String::new();
    let mut variants = String::new();
    for from in (0..types).step_by(IN_A_FILE) {
        let numbers = from..types.min(from + IN_A_FILE);
        let name = format!("event/more_{from}.proto");
        let messages: String = numbers.clone().map(message).collect();
        let text = format!(
            "// More events, from number {from} on.\nsyntax = \"proto3\";\n\npackage event;\n{messages}"
        );
        fs::write(root.join("proto").join(&name), text).with_context(|| name.clone())?;
        writeln!(imports, "import \"{name}\";")?;
        for number in numbers {
            variants.push_str(&variant(number));
        }
    }
    before(root, ENVELOPE, "\nimport ", &imports)?;
    before(root, ENVELOPE, "\n  }\n}", &variants)?;
    let tables: String = (0..tables).map(|number| table(number, types)).collect();
    behind(root, PIPELINE, "\ntables:\n", &tables)
}

/// Adds one event type, which has a table of its own.
pub(super) fn add_one(root: &Path) -> Result<()> {
    let text = "// An event that is new.\nsyntax = \"proto3\";\n\npackage event;\n\n\
                // Something was done that was not done before.\n\
                message NewestEvent {\n  string page = 1;\n  int64 count = 2;\n}\n";
    fs::write(root.join("proto/event/newest.proto"), text)?;
    before(
        root,
        ENVELOPE,
        "\nimport ",
        "import \"event/newest.proto\";\n",
    )?;
    let variant = "    NewestEvent newestEvent = 999;\n";
    before(root, ENVELOPE, "\n  }\n}", variant)?;
    let table = columns("newest", "NewestEvent", "");
    behind(root, PIPELINE, "\ntables:\n", &table)
}

/// An event: some texts, numbers, a list and a message, as those of apps have them.
fn message(number: usize) -> String {
    format!(
        "\n// Somebody did the thing with the number {number}.\nmessage More{number}Event {{\n  \
           // The page that it was done on.\n  string page = 1;\n  string state = 2;\n  int64 count = 3;\n  \
           double price{number} = 4;\n  repeated string labels = 5;\n  bool first = 6;\n  \
           More{number}Detail detail = 7;\n}}\n\n\
         // What it was done to.\nmessage More{number}Detail {{\n  string name = 1;\n  int32 position = 2;\n}}\n"
    )
}

fn variant(number: usize) -> String {
    format!(
        "    More{number}Event more{number}Event = {};\n",
        FIRST + number
    )
}

/// A table of a few event types, other ones than the next table has if there are enough.
fn table(number: usize, types: usize) -> String {
    let first = number * IN_A_TABLE;
    let events = (first..first + IN_A_TABLE).map(|at| format!("More{}Event", at % types.max(1)));
    let events: Vec<String> = events.collect();
    let own = "      page: payload.page | without_query\n      \
                     state: payload.state | lower | low_cardinality\n      \
                     detail_name: payload.detail.name | default(\"none\") | low_cardinality\n      \
                     detail_position: payload.detail.position\n";
    columns(&format!("more_{number}"), &events.join(", "), own)
}

/// A table's declaration, with columns from the event, the header and the payload.
fn columns(name: &str, events: &str, own: &str) -> String {
    format!(
        "  # More events.\n  {name}:\n    events: [{events}]\n    \
             order_by: [event_name, sent_timestamp, client, event_id]\n    \
             queue: {{ dead_letter: grpc_event_error.dx }}\n    columns:\n      \
               event_id: event.id\n      \
               event_name: $type | low_cardinality\n      \
               sent_timestamp: event.timestamp | epoch_millis\n      \
               event_timestamp: event.timestamp | epoch_millis | not_after($now)\n      \
               insert_timestamp: $now\n      \
               user_id: header.userId\n      \
               os: header.os | upper | low_cardinality\n\
         {own}      \"*\": payload\n    ignore: [header, event.currentURL]\n\n"
    )
}

/// Puts a text into a file in the line before the first one that begins like this.
fn before(root: &Path, file: &str, begin: &str, text: &str) -> Result<()> {
    insert(root, file, begin, 1, text)
}

/// Puts a text into a file behind the first place that reads like this.
fn behind(root: &Path, file: &str, place: &str, text: &str) -> Result<()> {
    insert(root, file, place, place.len(), text)
}

/// Puts a text into a file, so many bytes behind the beginning of the first place that reads like this.
fn insert(root: &Path, file: &str, place: &str, behind: usize, text: &str) -> Result<()> {
    let path = root.join(file);
    let mut contents = fs::read_to_string(&path).with_context(|| file.to_owned())?;
    let at = contents.find(place);
    let at = at.with_context(|| format!("{file} has no place like {place:?}"))? + behind;
    ensure!(contents.is_char_boundary(at), "{file} is not as expected");
    contents.insert_str(at, text);
    fs::write(&path, contents).with_context(|| file.to_owned())
}
