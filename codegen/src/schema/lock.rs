//! `migrations/schema.lock`: what producers and tables already rely on, one sorted fact a line.

mod ids;

use std::collections::BTreeMap;

use super::contract::{self, Contracts};
use super::whole::{self, END, HEADING};
use crate::model::{Model, field_type};
use crate::store::{TableFacts, dialect};

/// Path of the lock, from the project's root.
pub const LOCK: &str = "migrations/schema.lock";

/// The facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    /// Fields of messages, by message and number.
    pub fields: BTreeMap<(String, u32), Field>,
    /// Names of enum values, by enum and number.
    pub values: BTreeMap<(String, i32), String>,
    /// Tables, by name.
    pub tables: BTreeMap<String, TableFacts>,
    /// Rules for ids: of app events that come without one by the message of their requests, of JSON messages by source
    /// or queue.
    pub ids: BTreeMap<String, String>,
    /// Hashes of migrations, by file name, with the folder of their database.
    pub migrations: BTreeMap<String, String>,
    /// What senders, queues, messages in flight and stored rows rely on beside these.
    pub(crate) contracts: Contracts,
    /// What was among the contracts, tables or columns until it was retired.
    pub(crate) retired: Contracts,
    /// Former names of tables, columns and queues, with the names of today; and the bindings of former queues.
    pub(crate) renamed: Contracts,
}

/// A field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The oneof that it is a variant of.
    pub oneof: Option<String>,
    /// Its type as the proto file writes it, with full names.
    pub ty: String,
}

/// A line that can't be kept to.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadLock {
    /// It is no fact.
    #[error("migrations/schema.lock, line {line}: {text:?} is no fact")]
    NoFact {
        /// Counted from 1.
        line: usize,
        /// The line.
        text: String,
    },
    /// A part of the file is missing, or doesn't belong there.
    #[error("migrations/schema.lock, line {line}: {what}")]
    NotWhole {
        /// Counted from 1.
        line: usize,
        /// What is wrong, as a clause.
        what: &'static str,
    },
    /// Another line says something else of the same thing, as after a merge of branches that both added it.
    #[error(
        "migrations/schema.lock, line {line}: {text:?} contradicts {other:?}, as after a merge of two branches that was committed \
         without running `cargo xtask codegen`"
    )]
    Contradiction {
        /// Counted from 1.
        line: usize,
        /// The line.
        text: String,
        /// The other one.
        other: String,
    },
    /// The same line is there already.
    #[error(
        "migrations/schema.lock, line {line}: {text:?} is there twice, as after a merge that was committed without running \
         `cargo xtask codegen`"
    )]
    Twice {
        /// Counted from 1.
        line: usize,
        /// The line.
        text: String,
    },
}

impl Lock {
    /// Lock of a model, without the migrations.
    pub fn of(model: &Model) -> Self {
        let mut lock = Lock::default();
        for message in model.pool.all_messages() {
            // The messages of google.protobuf are not ours to promise, and map entries follow from their fields.
            if message.package_name() == "google.protobuf" || message.is_map_entry() {
                continue;
            }
            for field in message.fields() {
                let fact = Field {
                    name: field.name().to_owned(),
                    oneof: field
                        .containing_oneof()
                        .filter(|oneof| !oneof.is_synthetic())
                        .map(|oneof| oneof.name().to_owned()),
                    ty: field_type(&field),
                };
                let key = (message.full_name().to_owned(), field.number());
                lock.fields.insert(key, fact);
            }
        }
        for names in model.pool.all_enums() {
            if names.package_name() == "google.protobuf" {
                continue;
            }
            // In the order of the proto file: of aliases the first is the name.
            for value in &names.enum_descriptor_proto().value {
                lock.values
                    .entry((names.full_name().to_owned(), value.number()))
                    .or_insert_with(|| value.name().to_owned());
            }
        }
        lock.ids = ids::of(model);
        lock.contracts = contract::of(model);
        for table in &model.tables {
            lock.tables
                .insert(table.name.clone(), dialect(table).facts(table));
        }
        lock
    }

    /// Reads the file.
    pub fn parse(text: &str) -> Result<Self, BadLock> {
        let not_whole = |(line, what): whole::Fault| BadLock::NotWhole { line, what };
        whole::form(text).map_err(not_whole)?;
        let mut lock = Lock::default();
        let mut columns: BTreeMap<(String, u32), (String, String)> = BTreeMap::new();
        let mut said: BTreeMap<&str, &str> = BTreeMap::new();
        for (at, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(other) = said.insert(subject(line), line) {
                let (text, other) = (line.to_owned(), other.to_owned());
                let line = at + 1;
                return Err(match text == other {
                    true => BadLock::Twice { line, text },
                    false => BadLock::Contradiction { line, text, other },
                });
            }
            lock.fact(line, &mut columns)
                .ok_or_else(|| BadLock::NoFact {
                    line: at + 1,
                    text: line.to_owned(),
                })?;
        }
        for ((table, _), column) in columns {
            lock.tables.entry(table).or_default().columns.push(column);
        }
        whole::complete(&lock.tables, text).map_err(not_whole)?;
        Ok(lock)
    }

    fn fact(
        &mut self,
        line: &str,
        columns: &mut BTreeMap<(String, u32), (String, String)>,
    ) -> Option<()> {
        let (kind, rest) = line.split_once(' ')?;
        let (of, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        match kind {
            "database" => self.table(of).database = rest.to_owned(),
            "engine" => self.table(of).engine = rest.to_owned(),
            "partition" => self.table(of).partition_by = rest.to_owned(),
            "order" => self.table(of).order_by = rest.to_owned(),
            "settings" => self.table(of).settings = rest.to_owned(),
            "cluster" => self.table(of).cluster = rest.to_owned(),
            "shards" => self.table(of).shards = rest.to_owned(),
            "shard_by" => self.table(of).shard_by = rest.to_owned(),
            "id" => {
                self.ids.insert(of.to_owned(), rest.to_owned());
            }
            "index" => self.table(of).indexes.push(rest.to_owned()),
            "migration" => {
                self.migrations.insert(of.to_owned(), rest.to_owned());
            }
            "column" => {
                let (position, rest) = rest.split_once(' ')?;
                let (name, ty) = rest.split_once(' ')?;
                let key = (of.to_owned(), position.parse().ok()?);
                columns.insert(key, (name.to_owned(), ty.to_owned()));
            }
            "value" => {
                let (number, name) = rest.split_once(' ')?;
                let key = (of.to_owned(), number.parse().ok()?);
                self.values.insert(key, name.to_owned());
            }
            "field" => {
                let (number, rest) = rest.split_once(' ')?;
                let (name, ty) = rest.split_once(' ')?;
                let (oneof, name) = match name.split_once('.') {
                    Some((oneof, name)) => (Some(oneof.to_owned()), name),
                    None => (None, name),
                };
                let fact = Field {
                    name: name.to_owned(),
                    oneof,
                    ty: ty.to_owned(),
                };
                self.fields
                    .insert((of.to_owned(), number.parse().ok()?), fact);
            }
            "retired" => {
                let (key, value) = remembered(line)?;
                self.retired.insert(key.to_owned(), value.to_owned());
            }
            "renamed" => {
                let (key, value) = remembered(line)?;
                self.renamed.insert(key.to_owned(), value.to_owned());
            }
            _ => {
                let (key, value) = contract::split(line)?;
                self.contracts.insert(key.to_owned(), value.to_owned());
            }
        }
        Some(())
    }

    fn table(&mut self, name: &str) -> &mut TableFacts {
        self.tables.entry(name.to_owned()).or_default()
    }

    /// The file.
    pub fn render(&self) -> String {
        let mut out = format!("{HEADING}\n");
        let mut line = |text: std::fmt::Arguments<'_>| {
            out.push_str(&text.to_string());
            out.push('\n');
        };
        for (name, table) in &self.tables {
            for (at, (column, ty)) in table.columns.iter().enumerate() {
                line(format_args!("column {name} {:03} {column} {ty}", at + 1));
            }
        }
        for (name, table) in self.tables.iter().filter(|(_, t)| !t.database.is_empty()) {
            line(format_args!("database {name} {}", table.database));
        }
        for (name, table) in &self.tables {
            line(format_args!("engine {name} {}", table.engine));
        }
        for ((message, number), field) in &self.fields {
            let oneof = field
                .oneof
                .as_ref()
                .map(|o| format!("{o}."))
                .unwrap_or_default();
            line(format_args!(
                "field {message} {number} {oneof}{} {}",
                field.name, field.ty
            ));
        }
        for (of, made_of) in &self.ids {
            line(format_args!("id {of} {made_of}"));
        }
        for (name, table) in &self.tables {
            for index in &table.indexes {
                line(format_args!("index {name} {index}"));
            }
        }
        for (name, hash) in &self.migrations {
            line(format_args!("migration {name} {hash}"));
        }
        for (name, table) in &self.tables {
            line(format_args!("order {name} {}", table.order_by));
        }
        for (name, table) in &self.tables {
            line(format_args!("partition {name} {}", table.partition_by));
        }
        for (name, table) in self.tables.iter().filter(|(_, t)| !t.settings.is_empty()) {
            line(format_args!("settings {name} {}", table.settings));
        }
        for (name, table) in self.tables.iter().filter(|(_, t)| !t.cluster.is_empty()) {
            line(format_args!("cluster {name} {}", table.cluster));
            line(format_args!("shards {name} {}", table.shards));
            line(format_args!("shard_by {name} {}", table.shard_by));
        }
        for ((of, number), name) in &self.values {
            line(format_args!("value {of} {number} {name}"));
        }
        for (key, value) in &self.contracts {
            line(format_args!("{}", format!("{key} {value}").trim_end()));
        }
        for (word, facts) in [("retired", &self.retired), ("renamed", &self.renamed)] {
            for (key, value) in facts {
                line(format_args!(
                    "{}",
                    format!("{word} {key} {value}").trim_end()
                ));
            }
        }
        sorted(&out)
    }
}

/// The key and the value of what is retired, or of a former name.
fn remembered(line: &str) -> Option<(&str, &str)> {
    let (_, rest) = line.split_once(' ')?;
    let names = match rest.split(' ').next()? {
        "table" | "event" => 1,
        "column" | "field" => 2,
        _ => return contract::split(rest),
    };
    let end = rest.match_indices(' ').nth(names).map(|(at, _)| at);
    let end = end.unwrap_or(rest.len());
    Some((rest.get(..end)?, rest.get(end..)?.trim_start()))
}

/// Lines in the order of their bytes, behind the heading, so that two branches that add some conflict in few places.
fn sorted(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().skip(1).collect();
    lines.sort_unstable();
    let mut out = format!("{HEADING}\n");
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
    out.push_str(END);
    out.push('\n');
    out
}

/// What a line says something of, which is how it begins.
fn subject(line: &str) -> &str {
    let words = match line.split(' ').next() {
        Some("column" | "field" | "value") => 3,
        // A table may have any number of them.
        Some("index") => return line,
        Some("retired" | "renamed") => {
            return remembered(line).map_or(line, |(key, _)| &line[..key.len() + 8]);
        }
        _ => match contract::split(line) {
            Some((key, _)) => return key,
            None => 2,
        },
    };
    let end = line.match_indices(' ').nth(words - 1).map(|(at, _)| at);
    line.get(..end.unwrap_or(line.len())).unwrap_or(line)
}
