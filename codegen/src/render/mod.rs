//! From the model to files: views are made, templates print them, Rust is formatted.

mod definitions;
mod proto;
mod rust;
mod templates;
pub mod view;

use serde::Serialize;

use crate::base::hash::hash;
use crate::base::header::HEADER;
use crate::base::tree::Tree;
use crate::model::Model;
use crate::schema::lock::Lock;
use crate::schema::plan::Planned;
use templates::Templates;
use view::catalogue::catalogue;
use view::databases::{Migrations, databases};
use view::envelope::envelope;
use view::hooks::hooks;
use view::names::literal;
use view::readers::Readers;
use view::refused::Refused;
use view::requests::requests;
use view::shapes::Shapes;
use view::tables::{TableList, tables};
use view::topology::topology;

/// Why nothing was generated.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template is wrong.
    #[error("template {name}: {source:#}")]
    Template {
        /// Its name.
        name: &'static str,
        /// What is wrong with it.
        source: minijinja::Error,
    },
    /// What a template printed is no Rust.
    #[error("{file} would not be Rust: {source}")]
    Rust {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: syn::Error,
    },
    /// prost-build failed.
    #[error("prost-build: {0}")]
    Prost(#[source] std::io::Error),
    /// The topology can't be written as JSON.
    #[error("definitions.json: {0}")]
    Json(#[from] serde_json::Error),
    /// Columns that have no value that fits.
    #[error("{}", list(.0))]
    Columns(Vec<Refused>),
}

/// The refused columns, one a line.
fn list(refused: &[Refused]) -> String {
    let lines: Vec<String> = refused
        .iter()
        .map(|r| format!("{}.{}: {}", r.table, r.column, r.reason))
        .collect();
    lines.join("\n")
}

/// Adds everything below `generated/`.
pub fn render(tree: &mut Tree, model: &Model, planned: &Planned) -> Result<(), RenderError> {
    let templates = Templates::new()?;
    let shapes = Shapes::of(model);
    let readers = Readers::of(model);
    let tables = tables(model, &shapes, &readers).map_err(RenderError::Columns)?;
    let requests = requests(model, &shapes, &readers).map_err(RenderError::Columns)?;
    let topology =
        topology(model, &shapes, &readers, &tables, &requests).map_err(RenderError::Columns)?;
    let definitions = definitions::render(model)?;

    let mut modules = vec![
        "pub mod databases;",
        "pub mod hooks;",
        "pub mod migrations;",
        "#[allow(missing_docs, clippy::all, reason = \"prost and tonic write it\")] pub mod proto;",
        "pub mod requests;",
        "pub mod shapes;",
        "pub mod tables;",
        "pub mod topology;",
        "mod views;",
    ];
    if model.envelope.is_some() {
        modules.insert(0, "pub mod envelope;");
    }
    let root = Root {
        modules,
        fingerprint: literal(&fingerprint(model, &definitions)),
        migrations_table: literal(&model.migrations_table),
    };
    let mut add = |path: &str, source: String| -> Result<(), RenderError> {
        let path = format!("generated/{path}");
        let contents = rust::format(&path, &source)?;
        tree.add(path, contents);
        Ok(())
    };

    add("mod.rs", templates.render("mod.rs", &root)?)?;
    add(
        "migrations.rs",
        templates.render("migrations.rs", &Migrations::of(&planned.files))?,
    )?;
    add(
        "databases.rs",
        templates.render("databases.rs", &databases(model, &planned.files))?,
    )?;
    add("requests.rs", templates.render("requests.rs", &requests)?)?;
    add("hooks.rs", templates.render("hooks.rs", &hooks(model))?)?;
    add("topology.rs", templates.render("topology.rs", &topology)?)?;

    if let Some(view) = model.envelope.as_ref().map(|e| envelope(e, &shapes)) {
        add("envelope.rs", templates.render("envelope.rs", &view)?)?;
    }

    let files = shapes.files();
    for file in &files {
        let source = templates.render("shapes.rs", file)?;
        add(&format!("shapes/{}.rs", file.module), source)?;
    }
    let list = Modules::of(files.into_iter().map(|file| file.module));
    add("shapes/mod.rs", templates.render("shape_list.rs", &list)?)?;

    let files = readers.files();
    for file in &files {
        let source = templates.render("readers.rs", file)?;
        add(&format!("views/{}.rs", file.module), source)?;
    }
    let list = Modules::of(files.into_iter().map(|file| file.module));
    add("views/mod.rs", templates.render("reader_list.rs", &list)?)?;

    for table in &tables {
        let source = templates.render("table.rs", table)?;
        add(&format!("tables/{}.rs", table.module), source)?;
    }
    let list = TableList::of(model, &tables);
    add("tables/mod.rs", templates.render("table_list.rs", &list)?)?;

    tree.add("generated/descriptors.binpb", model.descriptors.clone());
    tree.add("generated/definitions.json", definitions);
    let page = templates.render("catalogue.md", &catalogue(model))?;
    tree.add(
        "generated/catalogue.md",
        format!("<!-- {HEADER} -->\n{page}"),
    );
    proto::add(tree, &model.pool)
}

/// What `mod.rs` says.
#[derive(Serialize)]
struct Root {
    modules: Vec<&'static str>,
    fingerprint: String,
    migrations_table: String,
}

/// Modules that a module lists.
#[derive(Serialize)]
struct Modules {
    modules: Vec<String>,
}

impl Modules {
    fn of(modules: impl Iterator<Item = String>) -> Self {
        Modules {
            modules: modules.collect(),
        }
    }
}

/// Changes when a message, a route or a table changes.
fn fingerprint(model: &Model, definitions: &str) -> String {
    let facts = Lock::of(model).render();
    let hash = hash(format!("{facts}{definitions}").as_bytes());
    hash.chars().take(16).collect()
}
