//! The catalogue: its index, and a page for each table, group of event types, message and request.

use serde::Serialize;

use super::RenderError;
use super::templates::Templates;
use super::view::catalogue::Catalogue;
use crate::base::header::HEADER;
use crate::base::tree::Tree;

/// Adds the catalogue's pages to a tree.
pub(super) fn add(tree: &mut Tree, catalogue: &Catalogue) -> Result<(), RenderError> {
    let mut pages = Pages {
        tree,
        templates: Templates::new()?,
    };
    pages.add("catalogue.md", "", catalogue)?;
    for table in &catalogue.tables {
        pages.add("catalogue_table.md", &table.page, table)?;
    }
    for group in &catalogue.groups {
        pages.add("catalogue_events.md", &group.page, group)?;
    }
    for message in &catalogue.messages {
        pages.add("catalogue_message.md", &message.page, message)?;
    }
    for request in &catalogue.requests {
        pages.add("catalogue_request.md", &request.page, request)?;
    }
    Ok(())
}

/// Where pages go, and what prints them.
struct Pages<'t> {
    tree: &'t mut Tree,
    templates: Templates,
}

impl Pages<'_> {
    /// Fills a template in, and adds what it says as a page of the catalogue, or as its index if the page has no name.
    fn add(
        &mut self,
        template: &'static str,
        page: &str,
        view: &impl Serialize,
    ) -> Result<(), RenderError> {
        let text = self.templates.render(template, view)?;
        let path = match page {
            "" => "generated/catalogue.md".to_owned(),
            page => format!("generated/catalogue/{page}"),
        };
        self.tree.add(path, format!("<!-- {HEADER} -->\n{text}"));
        Ok(())
    }
}
