//! Tables in generated Rust: the columns, and the function that appends rows to them.

use serde::Serialize;

use super::append;
use super::columns::{constants, layout};
use super::databases::rust;
use super::function::{FunctionView, Functions, TypeView};
use super::names::{Taken, literal, snake};
use super::readers::Readers;
use super::refused::Refused;
use super::shapes::Shapes;
use crate::function;
use crate::model::{Column, ColumnSource, ErrorField, Function, Input, Model, Root, Table};
use crate::store::dialect;

/// View of the template: one table.
#[derive(Debug, Serialize)]
pub struct TableView {
    /// Its Rust module.
    pub module: String,
    /// Its name as a Rust literal.
    pub name: String,
    /// Its `Storage` as Rust source.
    pub storage: String,
    /// Documentation lines.
    pub docs: Vec<String>,
    /// `ColumnSpec`s as Rust source.
    pub columns: Vec<String>,
    /// The item that `storage` refers to, as Rust source; empty for none.
    pub item: String,
    /// The variant of `Append`, as Rust source.
    pub append: &'static str,
    /// Fields of `error` in the dead-letter table and the columns that hold them, as Rust source.
    pub letter: Vec<String>,
    /// The present `CREATE TABLE`.
    pub ddl: String,
    /// The path of the file that holds it, from this one, as a Rust literal.
    pub ddl_path: String,
    /// The function that appends to it.
    pub function: FunctionView,
    /// The table of the columns that say which shard holds a row; none where there are no shards.
    pub key: Option<KeyView>,
    /// The functions for one type of events, each a file of its own.
    pub types: Vec<TypeView>,
}

/// View of the columns that say which shard holds a row.
#[derive(Debug, Serialize)]
pub struct KeyView {
    /// `ColumnSpec`s as Rust source.
    columns: Vec<String>,
    /// The variant of `Append`, as Rust source.
    append: &'static str,
    /// The function that appends to it.
    function: FunctionView,
}

/// Makes the views of all tables, or says which columns can't be written.
pub fn tables(
    model: &Model,
    shapes: &Shapes,
    readers: &Readers,
) -> Result<Vec<TableView>, Vec<Refused>> {
    let mut modules = Taken::with(&["mod"]);
    let mut views = Vec::new();
    let mut refused = Vec::new();
    for table in &model.tables {
        let module = modules.claim(snake(&table.name));
        let (functions, mut bad) = append::functions(model, table, shapes, readers);
        refused.append(&mut bad);
        let (key, mut bad) = key(model, table, shapes, readers);
        refused.append(&mut bad);
        views.push(view(model, module, table, functions, key));
    }
    if refused.is_empty() {
        Ok(views)
    } else {
        Err(refused)
    }
}

/// The columns of a table that say which shard holds a row, and the function that makes them alone.
fn key(
    model: &Model,
    table: &Table,
    shapes: &Shapes,
    readers: &Readers,
) -> (Option<KeyView>, Vec<Refused>) {
    let by = dialect(table).shard_by();
    if by.is_empty() {
        return (None, Vec::new());
    }
    let mut only = table.clone();
    only.columns
        .retain(|column| by.contains(&column.name.as_str()));
    only.limits.clear();
    let (functions, refused) = append::functions(model, &only, shapes, readers);
    let mut function = functions.append;
    function.doc = "Appends what says which shard holds a row.".to_owned();
    function.head = function.head.replace("fn append(", "fn append_key(");
    let key = KeyView {
        columns: columns(&only),
        append: match table.input {
            Input::Events => "Events(append_key)",
            Input::Json(_) => "Json(append_key)",
            Input::DeadLetters => "DeadLetters(append_key, &[])",
        },
        function,
    };
    (Some(key), refused)
}

/// The columns of a table, as Rust source.
fn columns(table: &Table) -> Vec<String> {
    let column = |column: &Column| {
        format!(
            "column({}, {}, {}){}{}{}",
            literal(&column.name),
            literal(&dialect(table).shown_type(&column.ty)),
            column_layout(table, column),
            limit(table, column),
            holds(column),
            from(column)
        )
    };
    table.columns.iter().map(column).collect()
}

fn view(
    model: &Model,
    module: String,
    table: &Table,
    functions: Functions,
    key: Option<KeyView>,
) -> TableView {
    let rust = rust(model, table);
    let columns = columns(table);
    let mut docs = vec![format!("Rows of `{}`.", table.name)];
    if !table.doc.is_empty() {
        docs.push(String::new());
        docs.push(table.doc.clone());
    }
    TableView {
        name: literal(&table.name),
        docs,
        columns,
        storage: rust.storage,
        item: rust.item,
        append: match table.input {
            Input::Events => "Events(append)",
            Input::Json(_) => "Json(append)",
            Input::DeadLetters => "DeadLetters(append, LETTER)",
        },
        letter: match table.input {
            Input::DeadLetters => letter(table),
            Input::Events | Input::Json(_) => Vec::new(),
        },
        ddl: dialect(table).present(table),
        ddl_path: literal(&match functions.by_type.is_empty() {
            true => format!("{module}.sql"),
            false => format!("../{module}.sql"),
        }),
        function: functions.append,
        key,
        types: functions.by_type,
        module,
    }
}

/// The call that says what a column holds, where that matters beyond its values.
fn holds(column: &Column) -> &'static str {
    let ColumnSource::Value(value) = &column.from else {
        return "";
    };
    match (&value.root, value.functions.as_slice()) {
        (Root::Unknown, _) => ".holds(Holds::Unknown)",
        (Root::Now, []) => ".holds(Holds::Now)",
        (Root::Id, functions) if functions.iter().all(is_label) => ".holds(Holds::Id)",
        (Root::Event(path) | Root::Body(path), functions)
            if is_id(path) && functions.iter().all(is_label) =>
        {
            ".holds(Holds::Id)"
        }
        (Root::TypeName, functions) if functions.iter().all(is_label) => ".holds(Holds::Type)",
        (Root::Payload, functions) if functions.iter().all(is_label) => ".holds(Holds::Payload)",
        _ => "",
    }
}

/// The call that says which field a column holds, if it is called otherwise.
fn from(column: &Column) -> String {
    let value = match &column.from {
        ColumnSource::Value(value) => value,
        // Fields of one name.
        ColumnSource::ByType(_) => return String::new(),
    };
    // A part of a user agent tells nobody apart.
    if value.functions.iter().any(|step| step.name == "user_agent") {
        return String::new();
    }
    let named = |fields: &[prost_reflect::FieldDescriptor]| {
        let names = fields.iter().map(|field| field.json_name().to_owned());
        names.collect::<Vec<_>>()
    };
    let (root, path) = match &value.root {
        Root::Header(fields) => ("header.", named(fields)),
        Root::Event(fields) | Root::PayloadField(fields) | Root::Body(fields) => {
            ("", named(fields))
        }
        Root::Untyped { fields, keys } => ("", [named(fields), keys.clone()].concat()),
        _ => return String::new(),
    };
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    match path.as_slice() {
        [] => String::new(),
        [name] if plain(name) == plain(&column.name) => String::new(),
        path => format!(".from({})", literal(&format!("{root}{}", path.join(".")))),
    }
}

/// True for the path of an event's id: that of its envelope, or what a JSON message calls so.
fn is_id(path: &[prost_reflect::FieldDescriptor]) -> bool {
    let is_id = |name: &str| ["id", "_id", "event_id", "eventId"].contains(&name);
    matches!(path, [field] if is_id(field.name()))
}

/// True if a function only says what the column is.
fn is_label(step: &Function) -> bool {
    function::of(step).is_label
}

/// The call that sets the longest text of a column, if it has one.
fn limit(table: &Table, column: &Column) -> String {
    match table.limits.get(&column.name) {
        Some(limit) if limit.enforce => format!(".enforce({})", limit.bytes),
        Some(limit) => format!(".report({})", limit.bytes),
        None => String::new(),
    }
}

fn column_layout(table: &Table, column: &Column) -> String {
    layout(&dialect(table).layout(table, column))
}

/// Columns that hold fields of `error`, as Rust source. Only those that hold one unchanged count.
fn letter(table: &Table) -> Vec<String> {
    let column = |wanted: ErrorField| {
        table.columns.iter().find(|column| match &column.from {
            ColumnSource::Value(value) => {
                matches!(value.root, Root::Error(field) if field == wanted)
                    && value.functions.iter().all(is_label)
            }
            _ => false,
        })
    };
    let pair = |(name, field): &(&str, ErrorField)| {
        let column = column(*field)?;
        Some(format!("({}, {})", literal(name), literal(&column.name)))
    };
    ErrorField::ALL.iter().filter_map(pair).collect()
}

/// View of `tables/mod.rs`.
#[derive(Debug, Serialize)]
pub struct TableList {
    /// The modules by name.
    pub modules: Vec<String>,
    /// The modules in the order of the model.
    pub tables: Vec<String>,
    /// Layouts that many columns have.
    pub constants: Vec<LayoutConstant>,
}

/// A layout that many columns have.
#[derive(Debug, Serialize)]
pub struct LayoutConstant {
    /// Its name.
    pub name: &'static str,
    /// The type that is laid out so.
    pub ty: &'static str,
    /// NULL-ability, as Rust source.
    pub nullable: &'static str,
}

impl TableList {
    /// Lists the tables.
    pub fn of(model: &Model, views: &[TableView]) -> Self {
        let tables: Vec<String> = views.iter().map(|view| view.module.clone()).collect();
        let mut modules = tables.clone();
        modules.sort_unstable();
        let layouts = layouts(model.tables.iter());
        TableList {
            modules,
            tables,
            constants: constants(&layouts)
                .map(|(name, ty, nullable)| LayoutConstant { name, ty, nullable })
                .collect(),
        }
    }
}

/// All layouts of some tables in one text.
fn layouts<'a>(tables: impl Iterator<Item = &'a Table>) -> String {
    let layouts = tables.flat_map(|table| {
        let columns = table.columns.iter();
        columns.map(|column| column_layout(table, column) + "\n")
    });
    layouts.collect()
}
