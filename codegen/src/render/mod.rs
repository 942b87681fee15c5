//! From the model to files: views are made, templates print them, Rust is formatted.

mod definitions;
pub mod formatted;
pub(crate) mod imports;
mod ops;
mod out;
mod pages;
pub(crate) mod proto;
mod rust;
pub(crate) mod templates;
pub mod view;

use serde::Serialize;

use crate::base::parallel::both;
use crate::base::tree::Tree;
use crate::model::Model;
use crate::schema::fingerprint::fingerprint;
use crate::schema::plan::Planned;
use formatted::Formatted;
use out::Out;
use templates::Templates;
use view::catalogue::catalogue;
use view::databases::{Migrations, databases};
use view::envelope::envelope;
use view::hooks::hooks;
use view::names::literal;
use view::readers::Readers;
use view::refused::Refused;
use view::requests::requests;
use view::retired::RetiredView;
use view::shapes::Shapes;
use view::sources::sources;
use view::tables::tables;
use view::topology::{queues, topology};

/// Error while printing.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A template is wrong.
    #[error("template {name}: {source:#}")]
    Template {
        /// Its name.
        name: &'static str,
        /// Error of the template.
        source: minijinja::Error,
    },
    /// A template's output is not Rust.
    #[error("{file} would not be Rust: {source}")]
    Rust {
        /// The file.
        file: String,
        /// Syntax error.
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

/// Adds everything below `generated/`. What is formatted is kept for the next run, if there is a place for it.
pub fn render(
    tree: &mut Tree,
    model: &Model,
    planned: &Planned,
    kept: Option<&Formatted>,
) -> Result<(), RenderError> {
    let mut beside = Tree::default();
    let mut out = Out {
        tree,
        templates: Templates::new()?,
        sources: Vec::new(),
    };
    let (made, messages) = both(
        || filled_in(&mut out, model, planned),
        || {
            beside.add("generated/fingerprint.txt", fingerprint(model));
            pages::add(&mut beside, &catalogue(model))?;
            ops::add(&mut beside, model)?;
            proto::sources(model.pool.file_descriptor_protos(), "proto")
        },
    );
    made?;
    out.sources.extend(messages?);
    out.tree.join(beside);
    out.format(kept)
}

/// Fills in all templates of Rust source, and adds what isn't source.
fn filled_in(out: &mut Out<'_>, model: &Model, planned: &Planned) -> Result<(), RenderError> {
    let shapes = Shapes::of(model, &planned.retired);
    let readers = Readers::of(model);
    let tables = tables(model, &shapes, &readers).map_err(RenderError::Columns)?;
    let requests = requests(model, &shapes, &readers).map_err(RenderError::Columns)?;
    let sources = sources(model, &shapes, &readers).map_err(RenderError::Columns)?;
    let queues =
        queues(model, &shapes, &readers, &tables, &requests).map_err(RenderError::Columns)?;

    let root = Root::of(model);
    out.rust("mod.rs", "mod.rs", &root)?;
    out.rust(
        "migrations.rs",
        "migrations.rs",
        &Migrations::of(&planned.files),
    )?;
    out.rust(
        "databases.rs",
        "databases.rs",
        &databases(model, &planned.files),
    )?;
    out.rust("hooks.rs", "hooks.rs", &hooks(model))?;
    if let Some(view) = model.envelope.as_ref().map(|e| envelope(e, &shapes)) {
        out.rust("envelope.rs", "envelope.rs", &view)?;
    }
    let topology = topology(model);
    out.rust("topology.rs", "topology/mod.rs", &topology)?;
    out.rust("exchanges.rs", "topology/exchanges.rs", &topology)?;
    let declared: Vec<&str> = model.queues.iter().map(|q| q.name.as_str()).collect();
    out.rust(
        "retired.rs",
        "topology/retired.rs",
        &RetiredView::of(&planned.retired).with_renamed(&planned.renamed, &declared),
    )?;
    out.rust("sources.rs", "topology/sources/mod.rs", &sources)?;
    for source in &sources.sources {
        let path = format!("topology/sources/{}.rs", source.module);
        out.rust("source.rs", &path, source)?;
    }
    out.rust("queues.rs", "topology/queues/mod.rs", &queues)?;
    for queue in &queues.queues {
        let path = format!("topology/queues/{}.rs", queue.module);
        out.rust("queue.rs", &path, queue)?;
    }
    out.rust("requests.rs", "requests/mod.rs", &requests)?;
    for request in &requests.requests {
        let path = format!("requests/{}.rs", request.module);
        out.rust("request.rs", &path, request)?;
    }
    out.shapes(&shapes)?;
    out.readers(&readers)?;
    out.tables(model, &tables)?;

    let definitions = definitions::render(model)?;
    let tree = &mut *out.tree;
    tree.add("generated/descriptors.binpb", model.descriptors.clone());
    tree.add("generated/definitions.json", definitions);
    Ok(())
}

/// View of `mod.rs`.
#[derive(Serialize)]
struct Root {
    modules: Vec<&'static str>,
    migrations_table: String,
    /// Personal fields, as Rust literals.
    personal: Vec<String>,
}

impl Root {
    fn of(model: &Model) -> Self {
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
            modules.insert(1, "pub mod envelope;");
        }
        Root {
            modules,
            migrations_table: literal(&model.migrations_table),
            personal: model.personal.iter().map(|name| literal(name)).collect(),
        }
    }
}
