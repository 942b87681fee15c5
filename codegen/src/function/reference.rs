//! The reference of the functions: the table of `docs/pipeline.md`, and what `cargo xtask explain NAME` says.

use super::{ALL, Definition, find};

/// All functions as a Markdown table.
pub fn table() -> String {
    let rows = ALL.iter().map(|function| {
        let Definition {
            usage,
            input,
            output,
            ..
        } = function;
        format!("| `{usage}` | {input} | {output} |\n")
    });
    let head = "| function | takes | gives |\n| --- | --- | --- |\n";
    head.to_owned() + &rows.collect::<String>()
}

/// What there is to say of the function of this name.
pub fn explain(name: &str) -> Option<String> {
    let Definition {
        usage,
        input,
        output,
        ..
    } = find(name)?;
    Some(format!(
        "{usage}\n\ntakes  {input}\ngives  {output}\n\nThe functions of expressions are in docs/pipeline.md.\n"
    ))
}
