//! The templates: they print, Rust decides. minijinja is named here only.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::RenderError;

/// Every template by name.
const TEMPLATES: &[(&str, &str)] = &[
    (
        "catalogue.md",
        include_str!("../../templates/catalogue.md.j2"),
    ),
    (
        "databases.rs",
        include_str!("../../templates/databases.rs.j2"),
    ),
    (
        "envelope.rs",
        include_str!("../../templates/envelope.rs.j2"),
    ),
    ("hooks.rs", include_str!("../../templates/hooks.rs.j2")),
    (
        "migrations.rs",
        include_str!("../../templates/migrations.rs.j2"),
    ),
    ("mod.rs", include_str!("../../templates/mod.rs.j2")),
    (
        "reader_list.rs",
        include_str!("../../templates/reader_list.rs.j2"),
    ),
    ("readers.rs", include_str!("../../templates/readers.rs.j2")),
    (
        "shape_list.rs",
        include_str!("../../templates/shape_list.rs.j2"),
    ),
    (
        "requests.rs",
        include_str!("../../templates/requests.rs.j2"),
    ),
    ("shapes.rs", include_str!("../../templates/shapes.rs.j2")),
    ("table.rs", include_str!("../../templates/table.rs.j2")),
    (
        "table_list.rs",
        include_str!("../../templates/table_list.rs.j2"),
    ),
    (
        "topology.rs",
        include_str!("../../templates/topology.rs.j2"),
    ),
];

/// The compiled templates.
pub(super) struct Templates(Environment<'static>);

impl Templates {
    /// Compiles all templates.
    pub(super) fn new() -> Result<Self, RenderError> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        env.set_debug(true);
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
        for (name, text) in TEMPLATES {
            env.add_template(name, text)
                .map_err(|source| RenderError::Template { name, source })?;
        }
        Ok(Templates(env))
    }

    /// Fills a template in.
    pub(super) fn render(
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
