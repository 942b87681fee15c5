//! Where PostgreSQL is, and as whom to go there.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr as _;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// The longest that a connection may take, where the URL doesn't say otherwise.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The longest that sent bytes may stay without an acknowledgement, so that a machine that is gone is noticed.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// What is wrong with a PostgreSQL URL. It never quotes the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It can't be read.
    #[error("the PostgreSQL URL should look like postgres://user:password@host:5432/database")]
    Unreadable(#[source] tokio_postgres::Error),
    /// It names no server.
    #[error(
        "the PostgreSQL URL names no host; it should look like postgres://user:password@host:5432/database"
    )]
    NoHost,
}

/// A PostgreSQL database, the account and how to connect.
#[derive(Clone)]
pub struct Address {
    config: Config,
}

impl Address {
    /// Reads a URL like `postgres://user:password@host:5432/database`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let mut config = Config::from_str(text.trim()).map_err(AddressError::Unreadable)?;
        if config.get_hosts().is_empty() {
            return Err(AddressError::NoHost);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_LIMIT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE_LIMIT);
        }
        if config.get_application_name().is_none() {
            config.application_name("event-grpc");
        }
        let mut address = Address { config };
        // A server on this machine often has a certificate that nobody signed; what would it be good for?
        if address.is_loopback() && !text.contains("sslmode") {
            address.config.ssl_mode(SslMode::Disable);
        }
        Ok(address)
    }

    /// The same database with a password, where the URL has none.
    #[must_use]
    pub fn with_password(mut self, password: Option<String>) -> Self {
        if let (Some(password), None) = (password, self.config.get_password()) {
            self.config.password(password);
        }
        self
    }

    /// The same server with another database.
    #[must_use]
    pub fn with_database(mut self, database: &str) -> Self {
        self.config.dbname(database);
        self
    }

    /// The database, if one is named; otherwise it has the user's name.
    pub fn database(&self) -> Option<&str> {
        self.config.get_dbname()
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Whether a connection may be encrypted.
    pub(super) fn may_be_encrypted(&self) -> bool {
        self.config.get_ssl_mode() != SslMode::Disable
    }

    fn is_loopback(&self) -> bool {
        self.config.get_hosts().iter().all(|host| match host {
            Host::Tcp(name) => {
                name == "localhost" || name.parse().is_ok_and(|a: IpAddr| a.is_loopback())
            }
            #[cfg(unix)]
            Host::Unix(_) => true,
        })
    }
}

/// For logs: everything but the password.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports = self.config.get_ports();
        let hosts = self.config.get_hosts().iter().enumerate();
        let hosts: Vec<String> = hosts
            .map(|(at, host)| {
                let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
                match host {
                    Host::Tcp(name) => format!("{name}:{port}"),
                    #[cfg(unix)]
                    Host::Unix(path) => path.display().to_string(),
                }
            })
            .collect();
        write!(f, "postgres://{}", hosts.join(","))?;
        let user = self.config.get_user().unwrap_or("of the process");
        match self.config.get_dbname() {
            Some(database) => write!(f, " (database {database}, user {user})"),
            None => write!(f, " (user {user})"),
        }
    }
}

/// As `Display`, so that no derived `Debug` of a holder shows the password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn never_shows_the_password() {
        let address = Address::parse("postgres://writer:hush@db.example/events")
            .unwrap()
            .with_password(Some("other".into()));
        let shown = format!("{address} {address:?} {address:#?}");
        assert!(
            !shown.contains("hush") && !shown.contains("other"),
            "{shown}"
        );
        assert!(
            shown.contains("postgres://db.example:5432 (database events, user writer)"),
            "{shown}"
        );
        let error = Address::parse("postgres://writer:hush@db.example:port/events").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
    }

    #[test]
    fn the_password_of_the_url_comes_first() {
        let password = |url: &str| {
            let address = Address::parse(url)
                .unwrap()
                .with_password(Some("env".into()));
            String::from_utf8(address.config.get_password().unwrap().to_vec()).unwrap()
        };
        assert_eq!(password("postgres://a:url@h/d"), "url");
        assert_eq!(password("postgres://a@h/d"), "env");
    }

    #[test]
    fn only_a_server_elsewhere_is_asked_for_encryption() {
        let mode = |url: &str| Address::parse(url).unwrap().config.get_ssl_mode();
        assert_eq!(mode("postgres://a@127.0.0.1/d"), SslMode::Disable);
        assert_eq!(
            mode("postgres://a@127.0.0.1/d?sslmode=require"),
            SslMode::Require
        );
        assert_eq!(mode("postgres://a@db.example/d"), SslMode::Prefer);
        assert!(matches!(
            Address::parse("postgres:///d"),
            Err(AddressError::NoHost)
        ));
    }
}
