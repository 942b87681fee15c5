//! Names: their form, the nearest one to a misspelt one, and lists of them in a sentence.

/// The form that a field's name takes as a column: `currentURL` becomes `current_url`.
pub fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 4);
    for (i, &c) in chars.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| chars.get(i)).copied();
        let after = chars.get(i + 1).copied();
        let starts_word = c.is_ascii_uppercase()
            && before.is_some_and(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || (b.is_ascii_uppercase() && after.is_some_and(|a| a.is_ascii_lowercase()))
            });
        if starts_word {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// True if a name can stand unquoted in SQL and in generated code.
pub(crate) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.len() <= 64
}

/// A number of bytes in the largest unit that it is a multiple of.
pub(crate) fn size(bytes: u64) -> String {
    [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        .into_iter()
        .find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor))
        .map_or_else(
            || bytes.to_string(),
            |(unit, factor)| format!("{}{unit}", bytes / factor),
        )
}

/// True if HTTP could have a header of this name.
pub(crate) fn is_header(name: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.len() <= 128 && name.chars().all(token)
}

/// Help for an unknown name: the nearest known one, or all of them.
pub(crate) fn suggest<'a>(
    unknown: &str,
    known: impl IntoIterator<Item = &'a str>,
    what: &str,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    if known.is_empty() {
        return format!("there are no {what}");
    }
    let all = format!("{what}: {}", list(&known));
    match nearest(unknown, &known) {
        Some(name) if known.len() == 1 => format!("did you mean `{name}`?"),
        Some(name) => format!("did you mean `{name}`? {all}"),
        None => all,
    }
}

/// The known name that is a typing mistake or two away.
pub(crate) fn nearest<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    let wanted = unknown.to_lowercase();
    known
        .iter()
        .map(|name| {
            let candidate = name.to_lowercase();
            (strsim::damerau_levenshtein(&wanted, &candidate), *name)
        })
        .filter(|(distance, name)| *distance <= (name.len().max(unknown.len()) / 3).max(1))
        .min()
        .map(|(_, name)| name)
}

/// Names for a sentence; long lists are cut.
pub(crate) fn list(names: &[&str]) -> String {
    const MOST: usize = 13;
    let mut shown = names
        .iter()
        .take(MOST)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if let Some(rest) = names.len().checked_sub(MOST).filter(|rest| *rest > 0) {
        shown.push_str(&format!(" and {rest} more"));
    }
    shown
}

/// A number as people write it in the declarations: `50_000`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('_');
        }
        out.push(digit);
    }
    out
}

/// True if a topic of Kafka can have a name.
pub(crate) fn is_topic(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let reserved = name.is_empty() || matches!(name, "." | "..");
    !reserved && name.len() <= 249 && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_take_the_snake_case_of_fields() {
        for (field, column) in [
            ("sessionId", "session_id"),
            ("currentURL", "current_url"),
            ("ppId", "pp_id"),
            ("isOOS", "is_oos"),
            ("recoInfoKV", "reco_info_kv"),
            ("hasCTA", "has_cta"),
            ("bbDeviceId", "bb_device_id"),
            ("enterPWAProduct", "enter_pwa_product"),
            ("publish_time", "publish_time"),
            ("os", "os"),
        ] {
            assert_eq!(snake_case(field), column);
        }
    }

    #[test]
    fn the_nearest_name_is_close() {
        assert_eq!(nearest("clicsk", &["views", "clicks"]), Some("clicks"));
        assert_eq!(nearest("purchases", &["views", "clicks"]), None);
    }
}
