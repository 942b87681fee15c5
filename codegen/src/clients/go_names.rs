//! Names in Go: words with capitals, and initialisms that are all capitals.

use crate::base::names::snake_case;
use crate::render::view::names::snake;

/// Words that Go writes in capitals.
const INITIALISMS: &[&str] = &[
    "ACL", "API", "CPU", "CSS", "DNS", "HTML", "HTTP", "HTTPS", "ID", "IP", "JSON", "OS", "RAM",
    "RPC", "SKU", "SQL", "SSH", "TCP", "TLS", "TTL", "UDP", "UI", "URI", "URL", "UTF8", "UUID",
    "VM", "XML",
];
/// Ends of file names with which Go compiles a file for some platform only, or for tests.
const SUFFIXES: &[&str] = &[
    "386",
    "aix",
    "amd64",
    "android",
    "arm",
    "arm64",
    "darwin",
    "dragonfly",
    "freebsd",
    "illumos",
    "ios",
    "js",
    "linux",
    "loong64",
    "mips",
    "netbsd",
    "openbsd",
    "plan9",
    "ppc64",
    "riscv64",
    "s390x",
    "solaris",
    "test",
    "unix",
    "wasip1",
    "wasm",
    "windows",
];

/// `productIds` to `ProductIDs`, `currentURL` to `CurrentURL`, `Outer_Inner` to `OuterInner`.
pub(super) fn exported(name: &str) -> String {
    let made: String = words(name).iter().map(|word| capital(word)).collect();
    match made.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => made,
        false => format!("X{made}"),
    }
}

/// A constant of an enum: `COLOUR_RED` of `Colour` to `ColourRed`, of `Outer_Colour` to `OuterColourRed`.
pub(super) fn constant(of: &str, value: &str) -> String {
    let made = exported(&value.to_ascii_lowercase());
    let own = exported(of.rsplit('_').next().unwrap_or(of));
    let rest = made.strip_prefix(&own).filter(|rest| !rest.is_empty());
    format!("{}{}", exported(of), rest.unwrap_or(&made))
}

/// A file's name without its ending.
pub(super) fn file(name: &str) -> String {
    let made = snake(name);
    let last = made.rsplit('_').next().unwrap_or_default();
    match last != made && SUFFIXES.contains(&last) || made == "events" {
        true => format!("{made}_proto"),
        false => made,
    }
}

/// The words of a name, as they are written in it.
fn words(name: &str) -> Vec<String> {
    let mut rest = name;
    let mut words = Vec::new();
    for word in snake_case(name).split('_') {
        rest = rest.trim_start_matches('_');
        let (taken, left) = rest.split_at_checked(word.len()).unwrap_or((rest, ""));
        words.push(taken.to_owned());
        rest = left;
    }
    words
}

fn capital(word: &str) -> String {
    let upper = word.to_ascii_uppercase();
    if INITIALISMS.contains(&upper.as_str()) {
        return upper;
    }
    if let Some(one) = upper.strip_suffix('S')
        && INITIALISMS.contains(&one)
    {
        return format!("{one}s");
    }
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => format!("{}{}", first.to_ascii_uppercase(), chars.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_go_writes_them() {
        for (name, expected) in [
            ("productId", "ProductID"),
            ("productIds", "ProductIDs"),
            ("currentURL", "CurrentURL"),
            ("recoInfoKV", "RecoInfoKV"),
            ("utm_source", "UtmSource"),
            ("os", "OS"),
            ("OTPVerifiedEvent", "OTPVerifiedEvent"),
            ("Outer_Inner", "OuterInner"),
            ("1st", "X1st"),
        ] {
            assert_eq!(exported(name), expected);
        }
        assert_eq!(constant("Colour", "COLOUR_DARK_RED"), "ColourDarkRed");
        assert_eq!(constant("Colour", "RED"), "ColourRed");
        assert_eq!(constant("Outer_Colour", "COLOUR_RED"), "OuterColourRed");
        assert_eq!(file("cart"), "cart");
        assert_eq!(file("load_test"), "load_test_proto");
        assert_eq!(file("events"), "events_proto");
    }
}
