//! The generator: from `proto/` and `pipeline.yaml` to `generated/` and `migrations/`. It knows nothing of the server.
//!
//! ```text
//! pipeline.yaml ─┐
//!                ├─ syntax ── resolve ── check ── Model ── schema ── render ── files
//! proto/ ────────┘
//! ```
//! Each layer is a folder and imports only those on its left, and what all stand on: `base`, `rules`, `model`, `store`.
//! Every phase reports what is wrong and goes on with the rest, so that one run shows all mistakes.

pub mod base;
mod check;
pub mod clients;
pub mod function;
pub mod model;
pub mod render;
pub mod report;
mod resolve;
pub mod review;
mod rules;
pub mod schema;
pub mod store;
mod syntax;

use std::path::Path;

use base::diagnostic::{Diagnostic, Diagnostics, Sources};
use base::parallel::both;
use base::refusal::Refusal;
use base::tree::Tree;
use model::Model;
use render::formatted::Formatted;
use render::{RenderError, render};
use schema::ancestors::{Ancestors, SCHEMAS};
use schema::fingerprint::fingerprint;
use schema::history::{History, HistoryError};
use schema::lock::Lock;
use schema::numbers;
use schema::plan::plan;
use syntax::places;
use syntax::proto::{self, Proto};
use syntax::spec;

/// Reason why nothing was generated.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The declarations are wrong; `report::draw` draws it.
    #[error("{} mistakes in the declarations", .0.len())]
    Mistakes(Vec<Diagnostic>, Sources),
    /// The committed files can't be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The generator itself is wrong.
    #[error(transparent)]
    Render(RenderError),
}

/// All files of a project. `now`, in seconds since the epoch, names a new migration.
pub fn generate(root: &Path, now: u64) -> Result<Tree, Failure> {
    generate_since(root, None, now, None)
}

/// All files of a project, where the base names what is released: a commit, or `none`. `kept` is a folder in which formatted
/// source may be kept for the next run.
pub fn generate_since(
    root: &Path,
    base: Option<&str>,
    now: u64,
    kept: Option<&Path>,
) -> Result<Tree, Failure> {
    // git is waited for while the declarations are read.
    let ((loaded, sources), history) = both(
        || load_with_proto(root, base),
        || History::since(root, base),
    );
    let (model, proto) = match loaded {
        Ok(loaded) => loaded,
        Err(mistakes) => return Err(Failure::Mistakes(mistakes, sources)),
    };
    let refuse = |refused: Vec<Refusal>| {
        let mistakes = places::diagnostics(refused, &proto, &sources);
        let mistakes = check::cascade::told_once(mistakes, &sources);
        Failure::Mistakes(mistakes, sources.clone())
    };

    let history = history?;
    let planned = plan(&model, &history, now).map_err(refuse)?;
    let mut tree = Tree::default();
    let current = fingerprint(&model);
    let kept = kept.and_then(Formatted::in_folder);
    let mut libraries = Tree::default();
    let ((rendered, made), known) = both(
        || {
            both(
                || render(&mut tree, &model, &planned, kept.as_ref()),
                || clients::render(&mut libraries, root, &model, &history, kept.as_ref()),
            )
        },
        || Ancestors::read(root, &current),
    );
    rendered.and(made).map_err(|error| match error {
        RenderError::Columns(refused) => refuse(refused.into_iter().map(Refusal::from).collect()),
        error => Failure::Render(error),
    })?;
    tree.join(libraries);
    planned.write(&mut tree);
    tree.add(SCHEMAS, known?.with(&current, now).render());
    Ok(tree)
}

/// The change of the declarations since what is released, for its reviewer.
pub fn review(root: &Path) -> Result<review::Review, Failure> {
    review_since(root, None)
}

/// The change of the declarations since a base: a commit, or `none`.
pub fn review_since(root: &Path, base: Option<&str>) -> Result<review::Review, Failure> {
    let ((loaded, sources), history) = both(
        || load_with_proto(root, base),
        || History::since(root, base),
    );
    let (model, _) = loaded.map_err(|mistakes| Failure::Mistakes(mistakes, sources))?;
    Ok(review::review(&model, &history?))
}

/// The declarations of a project, or everything that is wrong with them; and the files that this is about.
pub fn load(root: &Path) -> (Result<Model, Vec<Diagnostic>>, Sources) {
    let (loaded, sources) = load_with_proto(root, None);
    (loaded.map(|(model, _)| model), sources)
}

/// Loads the model, with the positions of messages and fields.
#[allow(clippy::type_complexity, reason = "a result and what it is about")]
fn load_with_proto(
    root: &Path,
    base: Option<&str>,
) -> (Result<(Model, Proto), Vec<Diagnostic>>, Sources) {
    let mut sources = Sources::default();
    let mut found = Diagnostics::default();
    let spec = spec::load(root, store::STORES, &mut sources, &mut found);
    let spec = spec.map(|spec| (store::declared(&spec, &mut found), spec));
    let proto = proto::compile(root, &mut sources, &mut found);
    let model = spec.zip(proto).and_then(|((stores, spec), proto)| {
        let resolved = resolve::resolve(&spec, stores, &proto, &mut found);
        check::all(&resolved, &mut found);
        if !found.is_empty() {
            // Whatever is said of a variant outside of its oneof follows from that.
            if found.any(|d| check::cascade::FROM_ONEOFS.contains(&d.code)) {
                let moved = schema::moved::between_oneofs(&released(root, base), &proto.pool);
                let moved = places::diagnostics(moved, &proto, &sources);
                check::cascade::instead(moved, &mut found);
            }
            return None;
        }
        let model = resolve::lower(resolved);
        if model.is_none() {
            found.push(Diagnostic::bug());
        }
        model.map(|model| (model, proto))
    });
    let told = |found: Diagnostics| {
        let mut found = found.into_sorted();
        if numbers::is_doubled(&found) {
            numbers::doubled(&mut found, &released(root, base), &sources);
        }
        check::cascade::told_once(found, &sources)
    };
    (model.ok_or_else(|| told(found)), sources)
}

/// The lock of what is released; an empty one where that can't be told, which is reported elsewhere.
fn released(root: &Path, base: Option<&str>) -> Lock {
    let history = History::since(root, base);
    history.map(|history| history.base).unwrap_or_default()
}
