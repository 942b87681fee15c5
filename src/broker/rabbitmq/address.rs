//! AMQP URL, validated, and shown without its password.

use std::fmt;

use lapin::uri::{AMQPScheme, AMQPUri, SASLMechanism};

use super::address_tls;
use super::nodes::Nodes;
use crate::tls::TlsError;
use crate::tls::client::Tls;

/// Heartbeat interval, in seconds.
const HEARTBEAT: u16 = 10;

/// A checked AMQP URL of one node or of several nodes of a cluster. Printed, it shows hosts, ports and virtual host only.
#[derive(Clone)]
pub struct Address {
    /// The URL with the first host.
    first: AMQPUri,
    /// The same with each of the others.
    others: Vec<AMQPUri>,
    /// TLS of an `amqps://` URL.
    tls: Option<Tls>,
    nodes: Nodes,
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
        let behind = rest.get(place.len()..).unwrap_or_default();
        let (account, hosts) = match place.rsplit_once('@') {
            Some((account, hosts)) => (format!("{account}@"), hosts),
            None => (String::new(), place),
        };
        let one = |host| Self::of_host(&format!("{scheme}://{account}{host}{behind}"), host);
        let mut nodes = hosts.split(',').map(|host| one(host.trim()));
        let mut address = nodes
            .next()
            .unwrap_or(Err(AddressError("it has no host")))?;
        for node in nodes {
            address.others.push(node?.first);
        }
        if behind.trim_end() == "/" || behind.starts_with("/?") {
            tracing::info!(
                "The AMQP URL ends in a slash: the virtual host `/` is meant, which is written %2f."
            );
        }
        address.nodes = Nodes::of(1 + address.others.len());
        Ok(address)
    }

    /// Reads a URL of one node.
    fn of_host(url: &str, host: &str) -> Result<Self, AddressError> {
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
        }
        Ok(Self {
            first: uri,
            others: Vec::new(),
            tls: tls.map(Tls::new),
            nodes: Nodes::of(1),
        })
    }

    /// Name of the virtual host.
    pub fn vhost(&self) -> &str {
        &self.uri().vhost
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

    /// URL of the node that is tried first.
    pub(super) fn uri(&self) -> &AMQPUri {
        self.uri_of(self.nodes.first())
    }

    /// URL of a node.
    pub(super) fn uri_of(&self, node: usize) -> &AMQPUri {
        let other = node.checked_sub(1).and_then(|at| self.others.get(at));
        other.unwrap_or(&self.first)
    }

    /// Which nodes there are and which of them answer.
    pub(super) fn nodes(&self) -> &Nodes {
        &self.nodes
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = std::iter::once(&self.first).chain(&self.others).map(place);
        let places: Vec<String> = places.collect();
        let AMQPUri { scheme, vhost, .. } = self.uri();
        let places = places.join(",");
        write!(f, "{scheme}://{places} (virtual host `{vhost}`)")
    }
}

/// Host and port.
pub(super) fn place(uri: &AMQPUri) -> String {
    format!("{}:{}", uri.authority.host, uri.authority.port)
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
    fn a_url_names_the_nodes_of_a_cluster() {
        let address =
            Address::parse("amqp://app:se%40cret@a,b:5673, c/events?heartbeat=5").unwrap();
        assert_eq!(
            address.to_string(),
            "amqp://a:5672,b:5673,c:5672 (virtual host `events`)"
        );
        for node in 0..3 {
            let uri = address.uri_of(node);
            assert_eq!(uri.authority.userinfo.password, "se@cret");
            assert_eq!(
                (uri.vhost.as_str(), uri.query.heartbeat),
                ("events", Some(5))
            );
        }
        for url in ["amqp://a,,b", "amqp://u:secret@a,", "amqp://,a/x"] {
            let text = Address::parse(url).unwrap_err().to_string();
            assert!(text.contains("no host"), "{text}");
        }
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
