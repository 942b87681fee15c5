//! What a library is made of, and what comes of it.

use super::contract::Contract;
use crate::model::Model;
use crate::render::RenderError;
use crate::render::formatted::Formatted;

/// What a library is made of.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) model: &'a Model,
    /// What of the model senders see.
    pub(super) contract: &'a Contract,
    /// Source that an earlier run formatted.
    pub(super) kept: Option<&'a Formatted>,
}

/// Files of a library: path below `clients/`, and text.
pub(super) type Made = Result<Vec<(String, String)>, RenderError>;
