//! Clauses of a statement outside of names, texts and comments: its engine, and its settings.

use std::borrow::Cow;

/// Engine in a `CREATE TABLE`; empty if there is none.
pub(super) fn engine(ddl: &str) -> &str {
    let tokens = tokens(ddl);
    let engine = tokens.windows(3).find_map(|three| match three {
        [word, equals, name] if word.is("ENGINE") && equals.text == "=" => Some(name.text),
        _ => None,
    });
    engine.unwrap_or_default()
}

/// Quoted texts, in order.
pub(super) fn texts(sql: &str) -> Vec<String> {
    let quoted = tokens(sql).into_iter().filter(|t| t.text.starts_with('\''));
    quoted.map(|token| unquoted(token.text)).collect()
}

/// Result of removing a setting from a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Without<'a> {
    /// The statement doesn't have the setting.
    Same,
    /// Statement without the setting.
    Shorter(Cow<'a, str>),
    /// The statement set nothing else.
    Nothing,
}

/// Names of a statement's settings, in order.
pub(super) fn settings(statement: &str) -> Vec<&str> {
    let list = list(statement).map(|(_, list)| list);
    list.into_iter().flatten().map(|s| s.name).collect()
}

/// Removes a setting from a statement.
pub(super) fn without<'a>(statement: &'a str, setting: &str) -> Without<'a> {
    let Some((head, list)) = list(statement) else {
        return Without::Same;
    };
    if list.iter().all(|s| s.name != setting) {
        return Without::Same;
    }
    let end = list.last().map_or(statement.len(), |s| s.end);
    let kept: Vec<&str> = list
        .iter()
        .filter(|s| s.name != setting)
        .filter_map(|s| statement.get(s.start..s.end))
        .collect();
    let (before, after) = (
        statement.get(..head.start).unwrap_or_default(),
        statement.get(end..).unwrap_or_default(),
    );
    match (kept.is_empty(), head.alters) {
        (true, true) => Without::Nothing,
        (true, false) => Without::Shorter(format!("{}{after}", before.trim_end()).into()),
        (false, _) => {
            let word = head.word;
            Without::Shorter(format!("{before}{word} {}{after}", kept.join(", ")).into())
        }
    }
}

/// Beginning of a list of settings.
struct Head<'a> {
    word: &'a str,
    start: usize,
    /// True if the statement changes nothing but settings.
    alters: bool,
}

/// Position of a setting and its value.
struct Setting<'a> {
    name: &'a str,
    start: usize,
    end: usize,
}

/// List of settings of a statement, if it has one.
fn list(statement: &str) -> Option<(Head<'_>, Vec<Setting<'_>>)> {
    let tokens = tokens(statement);
    let at = tokens
        .iter()
        .position(|t| t.is("SETTINGS") || t.is("SETTING"))?;
    let word = tokens.get(at)?;
    let head = Head {
        word: word.text,
        start: word.at,
        alters: at > 0 && tokens.get(at - 1).is_some_and(|t| t.is("MODIFY")),
    };
    let mut found = Vec::new();
    let mut rest = tokens.get(at + 1..).unwrap_or_default();
    while let [name, equals, more @ ..] = rest
        && equals.text == "="
    {
        let signed = more.first().is_some_and(|t| t.text == "-");
        let more = more.get(usize::from(signed)..).unwrap_or_default();
        let [value, more @ ..] = more else { break };
        found.push(Setting {
            name: name.text,
            start: name.at,
            end: value.at + value.text.len(),
        });
        match more {
            [comma, more @ ..] if comma.text == "," => rest = more,
            _ => break,
        }
    }
    Some((head, found))
}

/// Token: a word, a number, a quoted name or text, or a sign.
#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    at: usize,
}

impl Token<'_> {
    fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }
}

fn tokens(sql: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = sql.get(at..)
        && let Some(first) = rest.chars().next()
    {
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let length = match first {
            '\'' | '`' | '"' => quoted(rest, first),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        if !first.is_whitespace() {
            let text = rest.get(..length).unwrap_or_default();
            found.push(Token { text, at });
        }
        at += length;
    }
    found
}

/// Length of the quoted text at the beginning, with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

fn unquoted(text: &str) -> String {
    let inner = text.get(1..text.len().saturating_sub(1));
    let mut out = String::new();
    let mut escaped = false;
    for c in inner.unwrap_or_default().chars() {
        if c == '\\' && !escaped {
            escaped = true;
        } else {
            out.push(c);
            escaped = false;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE: &str = "CREATE TABLE `SETTINGS x = 1` (`a` String COMMENT 'ENGINE = Log SETTINGS b = 2')\nENGINE = \
                          ReplacingMergeTree(a)\nORDER BY a\nSETTINGS c = 1000, d = -1, e = 'x, y'\nCOMMENT 'it''s'";

    #[test]
    fn the_engine_is_found_outside_of_quotes() {
        assert_eq!(engine(CREATE), "ReplacingMergeTree");
        assert_eq!(engine("ALTER TABLE `a` ADD COLUMN `ENGINE = b` Int8"), "");
        assert_eq!(texts(r"('a', b, 'c\'d')"), ["a", "c'd"]);
    }

    #[test]
    fn one_setting_can_be_left_out_and_the_others_stay() {
        assert_eq!(settings(CREATE), ["c", "d", "e"]);
        assert_eq!(without(CREATE, "b"), Without::Same);
        let Without::Shorter(shorter) = without(CREATE, "d") else {
            unreachable!("it is in the list")
        };
        assert!(
            shorter.ends_with("ORDER BY a\nSETTINGS c = 1000, e = 'x, y'\nCOMMENT 'it''s'"),
            "{shorter}"
        );
        let none =
            "CREATE TABLE a (b Int8) ENGINE = MergeTree ORDER BY b SETTINGS c = 1 COMMENT 'd'";
        let shorter = "CREATE TABLE a (b Int8) ENGINE = MergeTree ORDER BY b COMMENT 'd'";
        assert_eq!(without(none, "c"), Without::Shorter(shorter.into()));
        let alter = "ALTER TABLE a MODIFY SETTING c = 1";
        assert_eq!(without(alter, "c"), Without::Nothing);
        assert_eq!(
            without("ALTER TABLE a ADD COLUMN c Int8", "c"),
            Without::Same
        );
    }
}
