//! The templates: they print, Rust decides. minijinja is named here only.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::RenderError;

/// A template's name and text.
macro_rules! template {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../templates/", $name, ".j2")),
        )
    };
}

/// Templates by name.
const TEMPLATES: &[(&str, &str)] = &[
    template!("alerts.yaml"),
    template!("catalogue.md"),
    template!("catalogue_events.md"),
    template!("catalogue_message.md"),
    template!("catalogue_request.md"),
    template!("catalogue_table.md"),
    template!("databases.rs"),
    template!("envelope.rs"),
    template!("exchanges.rs"),
    template!("hooks.rs"),
    template!("migrations.rs"),
    template!("mod.rs"),
    template!("package.rs"),
    template!("queue.rs"),
    template!("queues.rs"),
    template!("reader_list.rs"),
    template!("readers.rs"),
    template!("recording.yaml"),
    template!("request.rs"),
    template!("requests.rs"),
    template!("retired.rs"),
    template!("runbook.md"),
    template!("shape_list.rs"),
    template!("shapes.rs"),
    template!("source.rs"),
    template!("sources.rs"),
    template!("table.rs"),
    template!("table_list.rs"),
    template!("table_type.rs"),
    template!("topology.rs"),
];

/// The compiled templates.
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    /// Compiles the templates of the server's part.
    pub(super) fn new() -> Result<Self, RenderError> {
        Self::of(TEMPLATES)
    }

    /// Compiles these templates, by name and text.
    pub(crate) fn of(templates: &[(&'static str, &'static str)]) -> Result<Self, RenderError> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        env.set_debug(true);
        env.add_filter("from_index", from_index);
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .map_err(|source| RenderError::Template {
                name: "syntax",
                source,
            })?;
        env.set_syntax(syntax);
        for (name, text) in templates {
            env.add_template(name, text)
                .map_err(|source| RenderError::Template { name, source })?;
        }
        Ok(Templates(env))
    }

    /// Fills a template in.
    pub(crate) fn render(
        &self,
        name: &'static str,
        view: &impl Serialize,
    ) -> Result<String, RenderError> {
        self.0
            .get_template(name)
            .and_then(|template| template.render(Serde(view)))
            .map_err(|source| RenderError::Template { name, source })
    }
}

/// Text with links from one page of the catalogue to another, as its index has it.
fn from_index(text: &str) -> String {
    text.replace("](../", "](catalogue/")
}
