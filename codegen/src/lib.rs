//! The generator: load, resolve, check, emit. It knows nothing of the server.
//!
//! ```text
//! pipeline.yaml ── yaml ── spec ─┐
//!                                ├─ resolve ── check ── lower ── Model ── emit ── files
//! proto/ ───────── proto ────────┘
//! ```
//! Every phase reports what is wrong and goes on with the rest, so that one run shows all mistakes.

pub mod diagnostic;
pub mod emit;
pub mod explain;
pub mod generate;
pub mod lock;
pub mod migration;
pub mod model;
pub mod names;
pub mod render;
pub mod tree;
pub mod view;

mod check;
mod expression;
mod lower;
mod places;
mod proto;
mod resolve;
mod routing;
mod spec;
mod sql;
mod types;
mod typing;
mod yaml;

use std::path::Path;

use check::reading::YAML_SYNTAX;
use diagnostic::{Diagnostic, Diagnostics, Sources};
use model::Model;

/// The declarations of a project, or everything that is wrong with them; and the files that this is about.
pub fn load(root: &Path) -> (Result<Model, Vec<Diagnostic>>, Sources) {
    let (loaded, sources) = load_with_proto(root);
    (loaded.map(|(model, _)| model), sources)
}

/// The same, with what knows the places of messages and fields.
#[allow(clippy::type_complexity, reason = "a result and what it is about")]
fn load_with_proto(root: &Path) -> (Result<(Model, proto::Proto), Vec<Diagnostic>>, Sources) {
    let mut sources = Sources::default();
    let mut found = Diagnostics::default();
    let spec = read_spec(root, &mut sources, &mut found);
    let proto = proto::compile(root, &mut sources, &mut found);
    let model = spec.zip(proto).and_then(|(spec, proto)| {
        let resolved = resolve::resolve(&spec, &proto, &mut found);
        check::all(&resolved, &mut found);
        if !found.is_empty() {
            return None;
        }
        let model = lower::lower(resolved);
        if model.is_none() {
            found.push(Diagnostic::bug());
        }
        model.map(|model| (model, proto))
    });
    (model.ok_or_else(|| found.into_sorted()), sources)
}

fn read_spec(root: &Path, sources: &mut Sources, found: &mut Diagnostics) -> Option<spec::Spec> {
    const NAME: &str = "pipeline.yaml";
    let text = match std::fs::read_to_string(root.join(NAME)) {
        Ok(text) => text,
        Err(error) => {
            let message = format!("`{NAME}` can't be read: {error}");
            found.push(Diagnostic::new(&YAML_SYNTAX, message));
            return None;
        }
    };
    let file = sources.add(NAME, text.as_str());
    let node = yaml::parse(file, &text, found)?;
    Some(spec::read(&node, found))
}
