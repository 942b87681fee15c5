//! Host names that a listener on loopback answers to.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Request;
use http::header;

/// Host names beside those of loopback. An address can't be made to lead elsewhere, so those of loopback are always
/// good, whatever their port.
#[derive(Debug, Clone)]
pub(super) struct Hosts(Arc<[String]>);

impl Hosts {
    pub(super) fn new(names: &[String]) -> Self {
        Hosts(names.iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    /// True if a request is for one of them. Browsers always say which host they ask; a request that doesn't comes from a
    /// program.
    pub(super) fn allow(&self, request: &Request) -> bool {
        // HTTP/2, and HTTP/1 to proxies, name the host in the URI, and may add the header.
        let uri = request.uri().authority().map(|a| a.as_str().as_bytes());
        let headers = request.headers().get_all(header::HOST).iter();
        let mut named = uri.into_iter().chain(headers.map(|value| value.as_bytes()));
        named.all(|named| self.has(named))
    }

    fn has(&self, named: &[u8]) -> bool {
        let Ok(named) = std::str::from_utf8(named) else {
            return false;
        };
        let host = without_port(named);
        match host.trim_start_matches('[').trim_end_matches(']').parse() {
            Ok(address) => is_loopback(address) || self.lists(host),
            Err(_) => host.eq_ignore_ascii_case("localhost") || self.lists(host),
        }
    }

    fn lists(&self, host: &str) -> bool {
        self.0.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// Host of `host`, `host:port`, `[address]` or `[address]:port`.
fn without_port(named: &str) -> &str {
    match named.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => named,
    }
}

/// True if only this machine can reach an address.
pub fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_what_is_listed_are_good_whatever_the_port() {
        let hosts = Hosts::new(&["Metrics.example".to_owned(), "10.0.0.1".to_owned()]);
        for good in [
            "localhost",
            "LocalHost:8018",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]",
            "[::1]:8018",
            "metrics.EXAMPLE:443",
            "10.0.0.1:8018",
        ] {
            assert!(hosts.has(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            ":8018",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:8018",
            "user@localhost:x",
            "10.0.0.2",
            "0.0.0.0:8018",
            "[::2]:8018",
            "metrics.example.evil",
        ] {
            assert!(!hosts.has(bad.as_bytes()), "{bad}");
        }
        assert!(!hosts.has(b"\xff"));
    }
}
