//! Shared parts of `epoch_millis` and `epoch_seconds`: numbers since the epoch as instants.

use super::code::{Code, Printer, Unwritable, Yields};
use super::definition::{Definition, absent_like};
use crate::model::Type;

/// A function from text or a whole number to an instant.
pub(super) const EPOCH: Definition = Definition {
    takes: "text or a whole number",
    output: "DateTime64(3, 'UTC')",
    result: |_, input| match input.present() {
        Type::String | Type::Int32 | Type::Int64 | Type::UInt32 | Type::UInt64 => {
            Some(absent_like(input, Type::Millis))
        }
        _ => None,
    },
    reads_bytes: true,
    variable: "millis",
    ..Definition::TEXT
};

/// The call of the function of this name.
pub(super) fn print(name: &str, printer: &dyn Printer, on: Code) -> Result<Code, Unwritable> {
    let number = match on.yields {
        Yields::I64 => Some("value"),
        Yields::I32 | Yields::U32 => Some("i64::from(value)"),
        // A value that i64 can't hold doesn't fit the column either, and the function reports it.
        Yields::U64 => Some("i64::try_from(value).unwrap_or(i64::MAX)"),
        _ => None,
    };
    let call = match number {
        None => {
            let text = printer.text(on)?;
            let rust = text.as_str()?;
            // A text that is owned is not by itself bytes; what comes from a view is, or is a `str`.
            match rust.strip_prefix('&') {
                Some(owned) => format!("function::{name}({owned}.as_bytes())"),
                None => format!("function::{name}({rust})"),
            }
        }
        Some("value") if on.optional => {
            format!("{}.map_or(Ok(None), function::{name}_int)", on.rust)
        }
        Some(number) if on.optional => format!(
            "{}.map_or(Ok(None), |value| function::{name}_int({number}))",
            on.rust
        ),
        Some(number) => {
            format!(
                "function::{name}_int({})",
                number.replace("value", &on.rust)
            )
        }
    };
    Ok(printer.attempt(call, Yields::Millis, true))
}
