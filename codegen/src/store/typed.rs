//! A table whose columns were looked up and typed, as its store judges it.

use prost_reflect::FieldDescriptor;

use crate::base::diagnostic::{Diagnostic, Diagnostics, Span};
use crate::model::{self, ColumnSource, Envelope, Input, Root, Value};
use crate::rules::sql::REPEATED_COLUMN;
use crate::syntax::spec;
use crate::syntax::yaml::Text;

/// A table whose columns were looked up and typed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TypedTable<'a> {
    /// Text as written.
    pub(crate) spec: &'a spec::Table,
    /// Input of its rows; none if nothing feeds it.
    pub(crate) input: Option<&'a Input>,
    /// Its columns that are filled from messages, wildcards expanded.
    pub(crate) columns: &'a [Column],
    /// Its partitions, where its store has them: its own, or those of the defaults if it has their columns.
    pub(crate) partition_by: Option<&'a Text>,
    /// True if every expression could be read and looked up.
    pub(crate) complete: bool,
    /// The envelope of app events, if there is one.
    pub(crate) envelope: Option<&'a Envelope>,
    /// The cluster that its database is spread over, if it is.
    pub(crate) cluster: Option<&'a spec::Cluster>,
}

/// A column.
#[derive(Debug)]
pub(crate) struct Column {
    /// Column of the model.
    pub(crate) column: model::Column,
    /// Its name, or the wildcard that it came from.
    pub(crate) place: Span,
    /// The field that a wildcard made it from.
    pub(crate) expanded: Option<FieldDescriptor>,
}

impl<'a> TypedTable<'a> {
    /// The column with this name.
    pub(crate) fn column(&self, name: &str) -> Option<&'a Column> {
        self.columns.iter().find(|c| c.column.name == name)
    }

    /// True if a column that isn't there was reported already: it could not be resolved, or a wildcard may have had it.
    pub(crate) fn may_have(&self, name: &str) -> bool {
        self.spec.column(name).is_some() || !self.complete
    }
}

impl Column {
    /// True if it holds what the server's clock says, or what its build doesn't know.
    pub(crate) fn is_made_here(&self) -> bool {
        let values: Vec<&Value> = match &self.column.from {
            ColumnSource::Value(value) => vec![value],
            ColumnSource::ByType(values) => values.values().collect(),
        };
        values
            .iter()
            .any(|v| matches!(v.root, Root::Received | Root::Unknown) || v.uses_now())
    }
}

/// Reports a part of a key that is in it already.
pub(crate) fn repeated(what: &str, key: &[Text], out: &mut Diagnostics) {
    let bare = |text: &Text| text.value.trim().trim_matches('`').to_owned();
    for (at, text) in key.iter().enumerate() {
        let first = key.iter().take(at).find(|other| bare(other) == bare(text));
        if let Some(first) = first {
            let message = format!("`{}` is in the {what} twice", text.value);
            out.push(
                Diagnostic::new(&REPEATED_COLUMN, message)
                    .at(text.span, "again here")
                    .and(Some(first.span), "first here")
                    .help("leave it out, or name the column that was meant"),
            );
        }
    }
}
