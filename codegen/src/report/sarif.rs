//! Diagnostics as SARIF 2.1.0, which tools for code review show at the lines that they are about.

use serde_json::{Value, json};

use crate::base::diagnostic::{Diagnostic, Sources, Span};
use crate::report::explain::codes;

/// A log of one run, as JSON; without mistakes it has no results.
pub fn sarif(mistakes: &[Diagnostic], sources: &Sources) -> String {
    let told = |code: &str| mistakes.iter().any(|mistake| mistake.code == code);
    let rules: Vec<Value> = codes()
        .into_iter()
        .filter(|(code, _)| told(code))
        .map(|(code, name)| json!({ "id": code, "name": name }))
        .collect();
    let results: Vec<Value> = mistakes.iter().map(|one| result(one, sources)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "event-grpc codegen", "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

fn result(one: &Diagnostic, sources: &Sources) -> Value {
    let text = match &one.help {
        Some(help) => format!("{}\n{help}", one.message),
        None => one.message.clone(),
    };
    let place = one
        .primary
        .as_ref()
        .and_then(|label| place(label.span, sources));
    let also = one.secondary.as_ref().and_then(|label| {
        let mut place = self::place(label.span, sources)?;
        place
            .as_object_mut()?
            .insert("message".to_owned(), json!({ "text": label.text }));
        Some(place)
    });
    json!({
        "ruleId": one.code,
        "level": "error",
        "message": { "text": text },
        "locations": place.into_iter().collect::<Vec<_>>(),
        "relatedLocations": also.into_iter().collect::<Vec<_>>(),
    })
}

fn place(span: Span, sources: &Sources) -> Option<Value> {
    let file = sources.file(span.file)?;
    let (line, column) = position(&file.text, span.start)?;
    let (end_line, end_column) = position(&file.text, span.end)?;
    Some(json!({
        "physicalLocation": {
            "artifactLocation": { "uri": file.name },
            "region": {
                "startLine": line,
                "startColumn": column,
                "endLine": end_line,
                "endColumn": end_column,
            },
        },
    }))
}

/// Line and column of a byte, counted from 1, in letters.
fn position(text: &str, at: usize) -> Option<(usize, usize)> {
    let before = text.get(..at)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next()?.chars().count() + 1;
    Some((line, column))
}
