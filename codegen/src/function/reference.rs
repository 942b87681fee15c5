//! Reference of the functions: the table of `docs/pipeline.md`, and the text of `cargo xtask explain NAME`.

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
    let head = "| function | input | result |\n| --- | --- | --- |\n";
    head.to_owned() + &rows.collect::<String>()
}

/// Explanation of the function of this name.
pub fn explain(name: &str) -> Option<String> {
    let Definition {
        usage,
        input,
        output,
        ..
    } = find(name)?;
    Some(format!(
        "{usage}\n\ninput   {input}\nresult  {output}\n\nThe functions of expressions are in docs/pipeline.md.\n"
    ))
}
