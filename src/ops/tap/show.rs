//! What a tap shows of a capture: rendered, masked, filtered, and as a line.

use std::sync::Arc;

use serde_json::{Value, json};

use super::filter::Filter;
use super::personal::Personal;
use super::render::{LARGEST, Renderer, variant};
use crate::tap::Capture;

/// Maximum length of what a longer one is called by, in bytes.
const LONGEST_NAME: usize = 1 << 10;

/// What a tap shows of captures.
#[derive(Debug)]
pub(super) struct Show {
    pub(super) renderer: Renderer,
    pub(super) filter: Option<Filter>,
    /// None if personal fields are shown.
    pub(super) personal: Option<Arc<Personal>>,
}

impl Show {
    /// The line of a capture, if it matches the filter. The filter sees what is shown and nothing else.
    pub(super) fn line(&self, capture: &Capture) -> Option<String> {
        let mut shown = self.renderer.shown(capture);
        if let Some(personal) = &self.personal {
            personal.mask_shown(&mut shown, variant(capture));
        }
        if self.filter.as_ref().is_some_and(|f| !f.matches(&shown)) {
            return None;
        }
        let line = shown.to_string();
        if line.len() <= LARGEST {
            return Some(line);
        }
        let mut short = json!({ "too_long": line.len() });
        for name in ["time", "stage", "type", "id"] {
            // An id is whatever its sender calls so.
            let text = shown.get(name).and_then(Value::as_str);
            if let Some(text) = text.filter(|text| text.len() <= LONGEST_NAME) {
                short[name] = json!(text);
            }
        }
        Some(short.to_string())
    }
}
