//! The function that appends a JSON message.

use super::{Builder, Scope, has, scope, unused, uses_now};
use crate::render::view::function::FunctionView;

impl Builder<'_> {
    pub(super) fn json(&mut self) -> FunctionView {
        let values = self.values(None);
        let mut shared = self.shared(&values, |_| true);
        let mut lines = vec![self.bind()];
        for (at, value) in values.iter().enumerate() {
            match value.map(scope) {
                Some(Scope::Unknown) => lines.extend(self.undeclared_line(at)),
                _ => lines.extend(self.store(at, *value, &mut shared)),
            }
        }
        lines.push("block.grew(1);".into());
        lines.push("Ok(())".into());
        let body = has(&values, Scope::Body) || has(&values, Scope::Unknown);
        let message = unused("message", body);
        let cx = unused("cx", uses_now(&values));
        FunctionView {
            doc: "Appends one JSON object.".into(),
            head: format!(
                "pub(crate) fn append(block: &mut Block, {message}: &Message<'_>, {cx}: &Context)"
            ),
            lines,
        }
    }
}
