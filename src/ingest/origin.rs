//! Web origins, as the `origin` header has them: scheme, host and port of the page that sends a request.

use std::net::Ipv6Addr;

/// Origin of a list, or a pattern of origins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// `*`: every origin.
    Any,
    /// Exactly this one.
    Exact(String),
    /// One label in place of the `*` between these two.
    OneLabel {
        /// The scheme and `://`.
        before: String,
        /// The rest of the host with its dot in front, and the port.
        after: String,
    },
}

impl Origin {
    /// Parses an entry of a list. An error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "*" => return Ok(Origin::Any),
            "null" => return Ok(Origin::Exact(text.to_owned())),
            _ => {}
        }
        let (scheme, rest) = text
            .split_once("://")
            .ok_or("it needs a scheme and a host, as in https://shop.example")?;
        if !is_scheme(scheme) {
            return Err("its scheme isn't written in lower-case letters");
        }
        let (host, port) = host_and_port(rest).ok_or("it ends with the host, or with a port")?;
        match (scheme, port) {
            ("https", Some(443)) | ("http", Some(80)) => {
                return Err("browsers leave out the port that its scheme implies");
            }
            _ => {}
        }
        if let Some(parent) = host.strip_prefix("*.") {
            if !is_name(parent) || !parent.contains('.') {
                return Err(
                    "a wildcard stands in front of two labels at least, as in https://*.example.com",
                );
            }
            return Ok(Origin::OneLabel {
                before: format!("{scheme}://"),
                after: rest.trim_start_matches('*').to_owned(),
            });
        }
        if !is_name(host) && !is_ipv6(host) {
            return Err(
                "its host isn't written as browsers do: lower-case letters, digits, `-` and `.`, nothing after it but a port",
            );
        }
        Ok(Origin::Exact(text.to_owned()))
    }

    /// True if a page of this origin is meant.
    pub(super) fn matches(&self, origin: &[u8]) -> bool {
        match self {
            Origin::Any => true,
            Origin::Exact(exact) => exact.as_bytes() == origin,
            Origin::OneLabel { before, after } => origin
                .strip_prefix(before.as_bytes())
                .and_then(|rest| rest.strip_suffix(after.as_bytes()))
                .is_some_and(is_label),
        }
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b))
}

/// Host, and the port if there is one; none if the port is no number that a port can be.
fn host_and_port(text: &str) -> Option<(&str, Option<u16>)> {
    let ends = match text.find(']') {
        Some(ends) => ends + 1,
        None => text.find(':').unwrap_or(text.len()),
    };
    let (host, rest) = text.split_at_checked(ends)?;
    if rest.is_empty() {
        return Some((host, None));
    }
    let digits = rest.strip_prefix(':')?;
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    let port = digits.parse().ok().filter(|_| plain)?;
    Some((host, Some(port)))
}

fn is_name(host: &str) -> bool {
    host.split('.').all(|label| is_label(label.as_bytes()))
}

fn is_label(label: &[u8]) -> bool {
    let fits = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(b);
    !label.is_empty() && label.iter().all(fits)
}

fn is_ipv6(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    inner.is_some_and(|inner| {
        inner
            .parse::<Ipv6Addr>()
            .is_ok_and(|address| address.to_string() == inner)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_origin_is_compared_to_the_letter() {
        let matches =
            |entry: &str, origin: &str| Origin::parse(entry).unwrap().matches(origin.as_bytes());
        for same in [
            "https://shop.example",
            "http://localhost:3000",
            "https://127.0.0.1:8443",
            "http://[::1]:3000",
            "capacitor://localhost",
            "null",
        ] {
            assert!(matches(same, same), "{same}");
        }
        for other in [
            "http://shop.example",
            "https://shop.example:8443",
            "https://shop.example.evil.example",
            "https://evilshop.example",
            "https://shop.example/",
            "https://SHOP.example",
            "null",
            "",
        ] {
            assert!(!matches("https://shop.example", other), "{other}");
        }
        assert!(matches("*", "https://shop.example") && matches("*", "null"));
    }

    #[test]
    fn a_wildcard_is_one_label() {
        let matches = |origin: &str| {
            let wild = Origin::parse("https://*.example.com:8443").unwrap();
            wild.matches(origin.as_bytes())
        };
        assert!(matches("https://a.example.com:8443"));
        assert!(matches("https://a-1.example.com:8443"));
        for other in [
            "https://example.com:8443",
            "https://.example.com:8443",
            "https://a.b.example.com:8443",
            "https://a.example.com",
            "http://a.example.com:8443",
            "https://a.example.com:84430",
            "https://evil.example/.example.com:8443",
            "https://evil@a.example.com:8443",
            "https://evil.example:1.example.com:8443",
        ] {
            assert!(!matches(other), "{other}");
        }
    }

    #[test]
    fn what_no_browser_sends_is_refused() {
        for wrong in [
            "",
            "shop.example",
            "https://",
            "https://shop.example/",
            "https://shop.example/path",
            "https://Shop.example",
            "HTTPS://shop.example",
            "https://shop.example:443",
            "http://shop.example:80",
            "https://shop.example:",
            "https://shop.example:0",
            "https://shop.example:70000",
            "https://user@shop.example",
            "https://*",
            "https://*.com",
            "https://*.*.example.com",
            "https://a.*.example.com",
            "https://*shop.example",
            "https://[::0001]",
            "https://shop..example",
        ] {
            assert!(Origin::parse(wrong).is_err(), "{wrong}");
        }
    }
}
