//! `cargo xtask explain`: prints the rule behind a code, with examples, or a function.

use crate::base::names::suggest;
use crate::base::rule::Rule;
use crate::function::reference;
use crate::rules;

/// The code and the name of every rule, by code.
pub fn codes() -> Vec<(&'static str, &'static str)> {
    rules::all()
        .iter()
        .map(|rule| (rule.code, rule.name))
        .collect()
}

/// The rule behind a code, or the function of a name, in full; without either, all rules in a line each.
pub fn explain(code: Option<&str>) -> Result<String, String> {
    let rules = rules::all();
    let Some(code) = code else {
        let lines = rules
            .iter()
            .map(|r| format!("{}  {:<20}  {}\n", r.code, r.name, r.purpose));
        return Ok(lines.collect());
    };
    let wanted = code.to_ascii_uppercase();
    match rules.iter().find(|r| r.code == wanted || r.name == code) {
        Some(rule) => Ok(text(rule)),
        None => reference::explain(code).ok_or_else(|| {
            let known = rules.iter().map(|r| r.code);
            format!(
                "there is no rule `{code}`; {}",
                suggest(&wanted, known, "codes")
            )
        }),
    }
}

fn text(rule: &Rule) -> String {
    format!(
        "{} {}\n\n{}\n\n{}\n\nNot so:\n\n{}\n\nBut so:\n\n{}\n",
        rule.code,
        rule.name,
        rule.purpose,
        wrap(rule.text, 100),
        indent(rule.bad),
        indent(rule.good)
    )
}

fn wrap(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

fn indent(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_code_is_explained_once() {
        let codes = codes();
        let mut unique: Vec<_> = codes.iter().map(|(code, _)| code).collect();
        unique.dedup();
        assert_eq!(unique.len(), codes.len());
        for (code, name) in codes {
            assert_eq!(explain(Some(code)).unwrap(), explain(Some(name)).unwrap());
        }
        assert!(explain(Some("EG0")).is_err());
    }
}
