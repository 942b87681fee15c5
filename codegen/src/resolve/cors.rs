//! Resolves the pages that may send to a source from other origins.

use std::net::Ipv6Addr;

use crate::base::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Cors;
use crate::rules::browsers::WEB_ORIGIN;
use crate::syntax::spec;

/// How long a browser may remember a preflight unless something else is declared: as long as Chromium does at most.
const MAX_AGE_S: u32 = 7_200;

/// Resolves `cors`.
pub(super) fn resolve(written: &spec::Cors, out: &mut Diagnostics) -> Cors {
    for origin in &written.origins {
        let reason = match origin.value.as_str() {
            "*" if written.credentials.is_some() => Some("`*` can't be allowed with credentials"),
            "*" if written.origins.len() > 1 => Some("`*` stands alone"),
            "*" | "null" => None,
            text => wrong(text),
        };
        if let Some(reason) = reason {
            let message = format!("`{}` is no origin of a web page", origin.value);
            out.push(Diagnostic::new(&WEB_ORIGIN, message).at(origin.span, reason));
        }
    }
    let max_age_s = written.max_age.as_ref().map(|ms| ms.value / 1_000);
    Cors {
        origins: written.origins.iter().map(|o| o.value.clone()).collect(),
        max_age_s: max_age_s.map_or(MAX_AGE_S, |s| u32::try_from(s).unwrap_or(MAX_AGE_S)),
        credentials: written.credentials.is_some(),
    }
}

/// Reason why a text isn't what a browser sends as an origin, or a pattern of such.
fn wrong(text: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Some("it needs a scheme and a host, as in https://shop.example");
    };
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    if !scheme.starts_with(|c: char| c.is_ascii_lowercase()) || !scheme.chars().all(fits) {
        return Some("its scheme isn't written in lower-case letters");
    }
    let ends = match rest.find(']') {
        Some(at) => at + 1,
        None => rest.find(':').unwrap_or(rest.len()),
    };
    let (host, port) = rest.split_at(ends);
    match (scheme, port) {
        ("https", ":443") | ("http", ":80") => {
            return Some("browsers leave out the port that its scheme implies");
        }
        (_, "") => {}
        (_, port) if is_port(port) => {}
        _ => return Some("it ends with the host, or with a port"),
    }
    match host.strip_prefix("*.") {
        Some(parent) if is_name(parent) && parent.contains('.') => None,
        Some(_) => Some("a wildcard stands in front of two labels at least"),
        None if is_name(host) || is_ipv6(host) => None,
        None => Some("its host isn't written as browsers do"),
    }
}

fn is_port(text: &str) -> bool {
    let digits = text.trim_start_matches(':');
    let plain = digits.chars().all(|c| c.is_ascii_digit()) && !digits.starts_with('0');
    text.len() == digits.len() + 1 && plain && digits.parse::<u16>().is_ok()
}

fn is_name(host: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    host.split('.')
        .all(|label| !label.is_empty() && label.chars().all(fits))
}

fn is_ipv6(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    inner.is_some_and(|inner| {
        inner
            .parse::<Ipv6Addr>()
            .is_ok_and(|address| address.to_string() == inner)
    })
}
