//! From a project to its generated files: load, plan the migrations, emit.

use std::path::Path;

use crate::check::history::UNWRITABLE;
use crate::diagnostic::{Diagnostic, Sources};
use crate::emit::{EmitError, emit};
use crate::migration::diff::{Place, Refusal};
use crate::migration::history::{History, HistoryError};
use crate::migration::{LOCK, plan};
use crate::tree::Tree;
use crate::view::tables::Refused;

/// Why nothing was generated.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The declarations are wrong; `render` draws it.
    #[error("{} mistakes in the declarations", .0.len())]
    Mistakes(Vec<Diagnostic>, Sources),
    /// What is committed can't be read.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The generator itself is wrong.
    #[error(transparent)]
    Emit(EmitError),
}

/// All files of a project. `now`, in seconds since the epoch, names a new migration.
pub fn generate(root: &Path, now: u64) -> Result<Tree, Failure> {
    let (loaded, sources) = crate::load_with_proto(root);
    let (model, proto) = match loaded {
        Ok(loaded) => loaded,
        Err(mistakes) => return Err(Failure::Mistakes(mistakes, sources)),
    };
    let refuse = |refusals: Vec<Refusal>| {
        let mut mistakes: Vec<Diagnostic> = refusals
            .into_iter()
            .map(|refusal| crate::places::diagnostic(refusal, &proto, &sources))
            .collect();
        mistakes.sort();
        Failure::Mistakes(mistakes, sources.clone())
    };

    let history = History::read(root)?;
    let planned = plan(&model, &history, now).map_err(refuse)?;
    let mut tree = Tree::default();
    emit(&mut tree, &model, &planned).map_err(|error| match error {
        EmitError::Columns(refused) => refuse(refused.into_iter().map(unwritable).collect()),
        error => Failure::Emit(error),
    })?;
    for (path, sql) in planned.written {
        tree.add(path, sql);
    }
    for path in planned.removed {
        tree.remove(path);
    }
    tree.add(LOCK, planned.lock);
    planned.notes.into_iter().for_each(|note| tree.note(note));
    Ok(tree)
}

fn unwritable(refused: Refused) -> Refusal {
    Refusal {
        code: UNWRITABLE.code,
        message: format!(
            "`{}` of `{}`: {}",
            refused.column, refused.table, refused.reason
        ),
        help: "keep what is around it as JSON, or ignore the field".to_owned(),
        place: Place::Column(refused.table, refused.column),
    }
}
