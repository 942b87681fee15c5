//! AMQP URL, validated, and shown without its password.

use std::fmt;

use lapin::uri::{AMQPScheme, AMQPUri, SASLMechanism};

use super::address_tls;
use crate::tls::TlsError;
use crate::tls::client::Tls;

/// Heartbeat interval, in seconds.
const HEARTBEAT: u16 = 10;

/// A checked AMQP URL. Printed, it shows host, port and virtual host only.
#[derive(Clone)]
pub struct Address {
    uri: AMQPUri,
    /// TLS of an `amqps://` URL.
    tls: Option<Tls>,
}

/// Error in an AMQP URL. The message never holds the URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the AMQP URL is not usable: {0}; it should look like amqp://user:password@host:5672/%2f")]
pub struct AddressError(&'static str);

impl Address {
    /// Reads a URL.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        let url = url.trim();
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(AddressError("it has no scheme"));
        };
        if !matches!(scheme, "amqp" | "amqps") {
            return Err(AddressError("its scheme is neither amqp nor amqps"));
        }
        let place = rest.split(['/', '?']).next().unwrap_or_default();
        let host = place.rsplit('@').next().unwrap_or_default();
        if host.is_empty() {
            return Err(AddressError("it has no host"));
        }
        // The library would quietly take localhost instead.
        if host.starts_with('[') {
            return Err(AddressError(
                "its host is an IPv6 address, which needs a name",
            ));
        }
        // The error's text can hold the URL.
        let mut uri: AMQPUri = url.parse().map_err(|_| {
            AddressError("its port, a part of it after the question mark, or an escape is wrong")
        })?;
        let options = address_tls::options(url).map_err(AddressError)?;
        let tls = match (&uri.scheme, options) {
            (AMQPScheme::AMQPS, (options, _)) => Some(options),
            (AMQPScheme::AMQP, (_, false)) => None,
            (AMQPScheme::AMQP, (_, true)) => {
                return Err(AddressError("it has options of TLS, which need amqps://"));
            }
        };
        let shows = tls.as_ref().is_some_and(|tls| tls.certificate.is_some());
        if uri.query.auth_mechanism == Some(SASLMechanism::External) && !shows {
            return Err(AddressError(
                "auth_mechanism=external needs amqps:// with certfile and keyfile: the certificate names the user",
            ));
        }
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        // By the letter it is a virtual host without a name, which nobody has.
        if uri.vhost.is_empty() {
            uri.vhost = "/".to_owned();
            tracing::info!(
                "The AMQP URL ends in a slash: the virtual host `/` is meant, which is written %2f."
            );
        }
        let tls = tls.map(Tls::new);
        Ok(Self { uri, tls })
    }

    /// Name of the virtual host.
    pub fn vhost(&self) -> &str {
        &self.uri.vhost
    }

    /// Reads the certificates that the URL names, which each connection does, to find out at once what is wrong with
    /// them.
    pub fn read_certificates(&self) -> Result<(), TlsError> {
        match &self.tls {
            Some(tls) => tls.config().map(drop),
            None => Ok(()),
        }
    }

    pub(super) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    pub(super) fn uri(&self) -> &AMQPUri {
        &self.uri
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AMQPUri {
            scheme,
            authority,
            vhost,
            ..
        } = &self.uri;
        write!(
            f,
            "{scheme}://{}:{} (virtual host `{vhost}`)",
            authority.host, authority.port
        )
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

    use super::*;

    #[test]
    fn a_url_is_shown_without_its_password() {
        let address = Address::parse("amqps://app:se%40cret@mq.example:5671/%2f").unwrap();
        assert_eq!(
            address.to_string(),
            "amqps://mq.example:5671 (virtual host `/`)"
        );
        assert!(!format!("{address:?}").contains("cret"));
        assert_eq!(address.uri().authority.userinfo.password, "se@cret");
        assert_eq!(address.uri().query.heartbeat, Some(HEARTBEAT));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_url() {
        for (url, reason) in [
            ("mq.example", "no scheme"),
            ("http://u:secret@mq.example", "neither amqp nor amqps"),
            ("amqp://u:secret@/x", "no host"),
            ("amqp://u:secret@[::1]:5672", "IPv6"),
            ("amqp://u:secret@mq.example:port/", "port"),
            ("amqp://u:secret@mq.example/%ff", "escape"),
            ("amqp://u:secret@mq.example/?heartbeat=x", "question mark"),
            ("amqp://u:secret@mq.example/?cacertfile=/ca.pem", "amqps://"),
            (
                "amqps://u:secret@mq.example/?auth_mechanism=external",
                "certfile and keyfile",
            ),
            (
                "amqps://u:secret@mq.example/?verify=verify_none",
                "verify_peer",
            ),
            (
                "amqps://u:secret@mq.example/?certfile=/c.pem&password=secret",
                "without a password",
            ),
            (
                "amqps://u:secret@mq.example/?server_name_indication=disable",
                "a name",
            ),
        ] {
            let text = Address::parse(url).unwrap_err().to_string();
            assert!(text.contains(reason), "{url}: {text}");
            assert!(!text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn a_slash_at_the_end_means_the_virtual_host_that_everybody_has() {
        for (url, vhost) in [
            ("amqp://u:p@mq.example", "/"),
            ("amqp://u:p@mq.example/", "/"),
            ("amqp://u:p@mq.example:5672/?heartbeat=5", "/"),
            ("amqp://u:p@mq.example/%2f", "/"),
            ("amqp://u:p@mq.example/%2F?heartbeat=5", "/"),
            ("amqps://u:p@mq.example/events", "events"),
            ("amqp://u:p@mq.example/%2fevents", "/events"),
            ("amqp://u:p@mq.example/events/", "events/"),
        ] {
            assert_eq!(Address::parse(url).unwrap().uri().vhost, vhost, "{url}");
        }
    }

    #[test]
    fn a_heartbeat_of_ones_own_stays() {
        let address = Address::parse("amqp://h/?heartbeat=30").unwrap();
        assert_eq!(address.uri().query.heartbeat, Some(30));
        assert_eq!(address.uri().authority.port, 5672);
    }
}
