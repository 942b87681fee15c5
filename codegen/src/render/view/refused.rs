//! A column that can't be written.

use crate::base::refusal::{Place, Refusal};
use crate::rules::history::UNWRITABLE;

/// A column that can't be written, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    /// The table's name.
    pub table: String,
    /// The column's name.
    pub column: String,
    /// Error.
    pub reason: String,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
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
}
