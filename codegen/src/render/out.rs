//! The files of one run: templates are filled in, formatted, and added to the tree.

use std::cmp::Reverse;

use serde::Serialize;

use super::RenderError;
use super::formatted::Formatted;
use super::rust::Source;
use super::templates::Templates;
use super::view::readers::Readers;
use super::view::shapes::Shapes;
use super::view::tables::{TableList, TableView};
use crate::base::parallel;
use crate::base::tree::Tree;
use crate::model::Model;

/// Where files go, and what prints them.
pub(super) struct Out<'t> {
    pub(super) tree: &'t mut Tree,
    pub(super) templates: Templates,
    /// Rust source that has yet to be formatted.
    pub(super) sources: Vec<Source>,
}

impl Out<'_> {
    /// Fills a template in, and keeps what it says as Rust source.
    pub(super) fn rust(
        &mut self,
        template: &'static str,
        path: &str,
        view: &impl Serialize,
    ) -> Result<(), RenderError> {
        self.sources.push(Source {
            path: path.to_owned(),
            text: self.templates.render(template, view)?,
            with_imports: true,
        });
        Ok(())
    }

    /// Formats the source, which takes longer than all that makes it, and adds it to the tree.
    pub(super) fn format(mut self, kept: Option<&Formatted>) -> Result<(), RenderError> {
        // A long one that comes last would be waited for.
        self.sources
            .sort_by_key(|source| Reverse(source.text.len()));
        let formatted = parallel::map(&self.sources, |source| source.format(kept));
        for (source, contents) in self.sources.iter().zip(formatted) {
            self.tree
                .add(format!("generated/{}", source.path), contents?);
        }
        Ok(())
    }

    /// The shapes: a file for each message, a folder for each package.
    pub(super) fn shapes(&mut self, shapes: &Shapes) -> Result<(), RenderError> {
        let files = shapes.files();
        for file in &files {
            let path = format!("shapes/{}/{}.rs", file.package, file.module);
            self.rust("shapes.rs", &path, file)?;
        }
        self.packages("shapes", "pub", shapes.packages())?;
        self.rust("shape_list.rs", "shapes/mod.rs", &shapes.list(&files))
    }

    /// The views: a file for each message, a folder for each package.
    pub(super) fn readers(&mut self, readers: &Readers) -> Result<(), RenderError> {
        for file in readers.files() {
            let path = format!("views/{}/{}.rs", file.package, file.module);
            self.rust("readers.rs", &path, &file)?;
        }
        self.packages("views", "pub(crate)", readers.packages())?;
        let modules = readers.packages().map(|(_, module, _)| module).collect();
        self.rust("reader_list.rs", "views/mod.rs", &Folder { modules })
    }

    /// The lists of the modules of packages.
    fn packages<'p>(
        &mut self,
        folder: &str,
        visible: &'static str,
        packages: impl Iterator<Item = (&'p str, &'p str, Vec<&'p str>)>,
    ) -> Result<(), RenderError> {
        for (name, module, modules) in packages {
            let path = format!("{folder}/{module}/mod.rs");
            let package = Package {
                name,
                visible,
                modules,
            };
            self.rust("package.rs", &path, &package)?;
        }
        Ok(())
    }

    /// The tables: how rows get into them, and the statements that create them.
    pub(super) fn tables(
        &mut self,
        model: &Model,
        tables: &[TableView],
    ) -> Result<(), RenderError> {
        for table in tables {
            let module = &table.module;
            let path = match table.types.is_empty() {
                true => format!("tables/{module}.rs"),
                false => format!("tables/{module}/mod.rs"),
            };
            self.rust("table.rs", &path, table)?;
            for of_type in &table.types {
                let path = format!("tables/{module}/{}.rs", of_type.module);
                self.rust("table_type.rs", &path, of_type)?;
            }
            let sql = format!("generated/tables/{module}.sql");
            self.tree.add(sql, format!("{}\n", table.ddl));
        }
        let list = TableList::of(model, tables);
        self.rust("table_list.rs", "tables/mod.rs", &list)
    }
}

/// Modules that a module lists.
#[derive(Serialize)]
struct Folder<'m> {
    modules: Vec<&'m str>,
}

/// What a package's `mod.rs` says.
#[derive(Serialize)]
struct Package<'m> {
    name: &'m str,
    visible: &'static str,
    modules: Vec<&'m str>,
}
