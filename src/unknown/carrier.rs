//! Carrier field of unknown JSON members, and its validation.

use serde::de::{DeserializeOwned, IgnoredAny};

use super::set::CUT;

/// The members of a flat object.
#[derive(Debug, PartialEq, Eq)]
pub struct Carried<'a> {
    /// Pointers, and JSON values as they were written.
    pub members: Vec<(String, &'a str)>,
    /// Number of members that were cut.
    pub cut: u64,
}

/// Reads the object that a field carries; none if it is no flat object whose keys are pointers below `root`, each there
/// once.
pub fn carried<'a>(root: &str, bytes: &'a [u8]) -> Option<Carried<'a>> {
    let below = format!("{root}/");
    let carried = flat(std::str::from_utf8(bytes).ok()?)?;
    let all_below = carried
        .members
        .iter()
        .all(|(key, _)| key.starts_with(&below));
    all_below.then_some(carried)
}

/// Reads a flat object, as a column of unknown fields has it; none if it is none, or has a key twice.
pub fn flat(text: &str) -> Option<Carried<'_>> {
    let mut carried = Carried {
        members: Vec::new(),
        cut: 0,
    };
    let mut rest = text.trim_ascii().strip_prefix('{')?.trim_ascii_start();
    if rest == "}" {
        return Some(carried);
    }
    loop {
        let (key, _, behind): (String, _, _) = next(rest)?;
        let (_, value, behind): (IgnoredAny, _, _) = next(behind.strip_prefix(':')?)?;
        match key == CUT {
            true => carried.cut = value.parse().ok()?,
            false => carried.members.push((key, value)),
        }
        match behind.strip_prefix(',') {
            Some(more) => rest = more,
            None if behind == "}" => break,
            None => return None,
        }
    }
    let mut keys: Vec<&String> = carried.members.iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    let once = keys.windows(2).all(|pair| pair.first() != pair.last());
    once.then_some(carried)
}

/// The JSON value at the start of a text, how it is written, and what is behind it.
fn next<T: DeserializeOwned>(text: &str) -> Option<(T, &str, &str)> {
    let text = text.trim_ascii_start();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<T>();
    let value = stream.next()?.ok()?;
    let (written, behind) = text.split_at_checked(stream.byte_offset())?;
    Some((value, written, behind.trim_ascii_start()))
}
