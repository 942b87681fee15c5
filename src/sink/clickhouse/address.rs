//! Address of a ClickHouse server: URL, account and database.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::tls::client::Tls;
use crate::tls::{Names, Options};

/// What the options of TLS are called.
pub(super) const NAMES: Names = Names {
    ca: "--clickhouse-ca (EVENT_GRPC_CLICKHOUSE_CA; with _SERVER for a further server)",
    certificate: "--clickhouse-cert and --clickhouse-key (EVENT_GRPC_CLICKHOUSE_CERT and _KEY; with _SERVER for a further \
                  server)",
    server_name: "connect by one of its names",
};

/// PEM files for an `https://` server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// Authorities that are trusted in place of this machine's.
    pub ca: Option<PathBuf>,
    /// Client certificate.
    pub certificate: Option<PathBuf>,
    /// Its private key.
    pub key: Option<PathBuf>,
}

/// Server, database and account.
#[derive(Clone)]
pub struct Address {
    /// Scheme, host and port (and path, if a proxy needs one), without account and parameters.
    pub(super) url: Url,
    /// The account.
    pub(super) user: String,
    /// Its password, if it has one.
    pub(super) password: Option<String>,
    /// Database that holds the tables.
    pub(super) database: String,
    /// TLS of an `https://` server.
    pub(super) tls: Option<Tls>,
    /// Further hosts of the same cluster.
    pub(super) others: Vec<Url>,
}

/// Error in a ClickHouse URL.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Not a URL.
    #[error("the ClickHouse URL can't be read ({0}); it looks like http://user@host:8123/events")]
    Unreadable(#[from] url::ParseError),
    /// Not HTTP.
    #[error(
        "the ClickHouse URL begins with `{0}:`; the HTTP interface is used: http:// (port 8123) or https:// (port 8443)"
    )]
    Scheme(String),
    /// Unsupported parameter.
    #[error(
        "the ClickHouse URL has the parameter `{0}`; only `database`, `user` and `password` are supported"
    )]
    Parameter(String),
    /// Files for a connection without TLS.
    #[error(
        "certificates are named for a ClickHouse server at http://, which has none: its URL must begin with https:// \
         (port 8443)"
    )]
    NotEncrypted,
}

impl Address {
    /// Parses a URL like `http://user:password@host:8123/events`, whose path is the database. Account and database may
    /// also be parameters; a path that ends with a slash belongs to a proxy.
    ///
    /// Hosts of a cluster may stand side by side: `http://host1:8123,host2:8123/events`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (first, others) = apart(text.trim());
        let mut url = Url::parse(&first)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(AddressError::Scheme(url.scheme().to_owned()));
        }
        let mut address = Address {
            user: String::from("default"),
            password: url.password().map(decoded),
            database: String::from("default"),
            url: url.clone(),
            others: Vec::new(),
            tls: (url.scheme() == "https").then(|| Tls::new(Options::new(&NAMES))),
        };
        if !url.username().is_empty() {
            address.user = decoded(url.username());
        }
        let path = url.path().to_owned();
        if let Some(name) = path
            .strip_prefix('/')
            .filter(|n| !n.is_empty() && !n.contains('/'))
        {
            address.database = decoded(name);
            url.set_path("/");
        }
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "database" => address.database = value.into_owned(),
                "user" => address.user = value.into_owned(),
                "password" => address.password = Some(value.into_owned()),
                _ => return Err(AddressError::Parameter(name.into_owned())),
            }
        }
        url.set_query(None);
        url.set_fragment(None);
        // These fail only for URLs that can't have a host, and http always has one.
        url.set_username("").ok();
        url.set_password(None).ok();
        for host in others {
            let mut other = Url::parse(&format!("{}://{host}", url.scheme()))?;
            other.set_path(url.path());
            address.others.push(other);
        }
        address.url = url;
        Ok(address)
    }

    /// The hosts that it names, each by itself.
    pub(super) fn hosts(&self) -> Vec<Address> {
        let urls = std::iter::once(&self.url).chain(&self.others);
        let at = |url: &Url| Address {
            url: url.clone(),
            others: Vec::new(),
            ..self.clone()
        };
        urls.map(at).collect()
    }

    /// Another host of the same cluster, reached as this one is; none if that is no name of a host.
    pub(super) fn at_host(&self, name: &str) -> Option<Address> {
        let mut url = self.url.clone();
        let name = match name.contains(':') && !name.starts_with('[') {
            true => format!("[{name}]"),
            false => name.to_owned(),
        };
        url.set_host(Some(&name)).ok()?;
        Some(Address {
            url,
            others: Vec::new(),
            ..self.clone()
        })
    }

    /// Replaces the account; `None` keeps the present value.
    #[must_use]
    pub fn with_account(mut self, user: Option<String>, password: Option<String>) -> Self {
        self.user = user.unwrap_or(self.user);
        self.password = password.or(self.password);
        self
    }

    /// Sets the certificates.
    pub fn with_files(mut self, files: Files) -> Result<Self, AddressError> {
        if files == Files::default() {
            return Ok(self);
        }
        if !self.is_encrypted() {
            return Err(AddressError::NotEncrypted);
        }
        self.tls = Some(Tls::new(Options {
            ca: files.ca,
            certificate: files.certificate,
            key: files.key,
            ..Options::new(&NAMES)
        }));
        Ok(self)
    }

    /// Replaces the database.
    #[must_use]
    pub fn with_database(mut self, database: impl Into<String>) -> Self {
        self.database = database.into();
        self
    }

    /// Database that holds the tables.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The account.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// True if the server is on this machine, where traffic costs nothing.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            None => false,
        }
    }

    /// True if the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }
}

/// For logs: everything but the password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} (database {}, user {})",
            self.url, self.database, self.user
        )?;
        match self.others.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Like `Display`, so that no derived `Debug` of a holder shows the password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// A URL with the first of its hosts, and the others.
fn apart(text: &str) -> (String, Vec<String>) {
    let Some((scheme, rest)) = text.split_once("://") else {
        return (text.to_owned(), Vec::new());
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (account, hosts) = match authority.rsplit_once('@') {
        Some((account, hosts)) => (format!("{account}@"), hosts),
        None => (String::new(), authority),
    };
    let mut hosts = hosts.split(',').map(str::trim);
    let first = hosts.next().unwrap_or_default();
    (
        format!("{scheme}://{account}{first}{path}"),
        hosts.map(str::to_owned).collect(),
    )
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn takes_account_and_database_from_the_url() {
        let address =
            Address::parse("http://writer:p%40ss@db.example:8123/?database=events").unwrap();
        assert_eq!(address.url.as_str(), "http://db.example:8123/");
        assert_eq!(address.user, "writer");
        assert_eq!(address.password.as_deref(), Some("p@ss"));
        assert_eq!(address.database(), "events");
        assert!(!address.is_loopback());
        assert!(!address.is_encrypted());
    }

    #[test]
    fn a_path_is_the_database_unless_it_is_a_proxys() {
        let address = Address::parse("http://db.example:8123/events").unwrap();
        assert_eq!((address.url.path(), address.database()), ("/", "events"));
        let address = Address::parse("http://proxy.example/clickhouse/?database=events").unwrap();
        assert_eq!(
            (address.url.path(), address.database()),
            ("/clickhouse/", "events")
        );
    }

    #[test]
    fn hosts_of_a_cluster_stand_side_by_side() {
        let address = Address::parse("https://u:p,w@a:8443,b:8444,[::1]:8445/events").unwrap();
        let hosts: Vec<String> = address.hosts().iter().map(|a| a.url.to_string()).collect();
        assert_eq!(
            hosts,
            ["https://a:8443/", "https://b:8444/", "https://[::1]:8445/"]
        );
        assert_eq!(address.password.as_deref(), Some("p,w"));
        let all = address.hosts();
        assert!(
            all.iter()
                .all(|a| a.database() == "events" && a.user == "u" && a.tls.is_some())
        );
        let other = address.at_host("::2").unwrap();
        assert_eq!(other.url.as_str(), "https://[::2]:8443/");
        assert!(address.at_host("no host").is_none());
        assert!(Address::parse("http://a,:x").is_err());
    }

    #[test]
    fn what_is_given_beside_the_url_wins() {
        let address = Address::parse("https://127.0.0.1:8443/?user=a&password=b")
            .unwrap()
            .with_account(Some(String::from("c")), None)
            .with_database("d");
        assert_eq!(
            (address.user.as_str(), address.password.as_deref()),
            ("c", Some("b"))
        );
        assert_eq!(address.database(), "d");
        assert!(address.is_loopback());
        assert!(address.is_encrypted());
    }

    #[test]
    fn never_shows_the_password() {
        let address = Address::parse("http://writer:hush@localhost:8123?password=hush").unwrap();
        let shown = format!("{address} {address:?} {address:#?}");
        assert!(!shown.contains("hush"), "{shown}");
        assert!(shown.contains("writer"), "{shown}");
    }

    #[test]
    fn says_what_would_be_right() {
        let error = |text: &str| Address::parse(text).unwrap_err().to_string();
        assert!(error("localhost:8123").contains("http://"));
        assert!(error("tcp://localhost:9000").contains("8123"));
        assert!(error("nonsense").contains("http://user@host:8123"));
        assert!(error("http://h/?databse=x").contains("`databse`"));
        let files = Files {
            ca: Some("/ca.pem".into()),
            ..Files::default()
        };
        let address = Address::parse("http://h").unwrap();
        let error = address.with_files(files.clone()).unwrap_err().to_string();
        assert!(error.contains("https://"), "{error}");
        let address = Address::parse("https://h").unwrap();
        assert!(address.with_files(files).is_ok());
    }
}
