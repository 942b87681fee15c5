//! Java: what is generated.

use super::contract::Contract;
use crate::model::Model;
use crate::render::RenderError;

/// Its files: path below `clients/`, and text.
pub(super) fn files(
    _model: &Model,
    _contract: &Contract,
) -> Result<Vec<(String, String)>, RenderError> {
    Ok(Vec::new())
}
