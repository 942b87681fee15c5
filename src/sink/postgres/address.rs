//! Address of PostgreSQL: hosts, account and database.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr as _;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::address_tls::{self, Security};
use super::hosts;
use super::parameters::{parameters, without};
use crate::tls::client::Tls;

/// Default connect timeout of a single host, and of each of several hosts.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const CONNECT_LIMIT_OF_SEVERAL: Duration = Duration::from_secs(2);
/// Time without an acknowledgement of sent bytes after which a connection counts as dead.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// Parameter that says what a host must take.
const SESSION: &str = "target_session_attrs";

/// Error in a PostgreSQL URL. It never quotes the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// It can't be parsed.
    #[error(
        "the PostgreSQL URL can't be read, or has an option that isn't known; it should look like \
         postgres://user:password@host:5432/database"
    )]
    Unreadable,
    /// It names no host.
    #[error(
        "the PostgreSQL URL names no host; it should look like postgres://user:password@host:5432/database"
    )]
    NoHost,
    /// It asks for a server that accepts no writes, or has an unknown value.
    #[error(
        "the PostgreSQL URL has target_session_attrs={0}; this server writes rows: use `read-write`, `primary` or `any`"
    )]
    Session(String),
    /// It asks for TLS that would not protect, or has an unknown value.
    #[error(
        "the PostgreSQL URL has sslmode={0}; use `verify-full`, which is meant where nothing is said, `verify-ca`, `prefer` \
         or `disable`"
    )]
    SslMode(String),
}

/// A PostgreSQL database, the account and how to connect.
#[derive(Clone)]
pub struct Address {
    config: Config,
    /// TLS, if a connection may be encrypted.
    tls: Option<Tls>,
}

impl Address {
    /// Parses a URL like `postgres://user:password@host:5432/database`, or `host=… user=…`. Of several hosts one that
    /// accepts writes is looked for, unless the URL says otherwise.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let given = parameters(text);
        let session = given.iter().find(|p| p.key == SESSION);
        let known = without(text, &given, &address_tls::KEYS);
        let known = match session.map(|session| session.value.as_str()) {
            None | Some("any" | "read-write") => known,
            // The client uses another name for it, and it is what of several hosts is looked for.
            Some("primary") => without(&known, &parameters(&known), &[SESSION]),
            Some(other) => return Err(AddressError::Session(other.to_owned())),
        };
        // The cause quotes what it stumbles at, which may be a part of the password.
        let mut config = Config::from_str(&known).map_err(|_| AddressError::Unreadable)?;
        if config.get_hosts().is_empty() {
            return Err(AddressError::NoHost);
        }
        if session.is_some_and(|session| session.value == "primary") {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        let several = hosts::count(&config) > 1;
        if several && session.is_none() {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(match several {
                true => CONNECT_LIMIT_OF_SEVERAL,
                false => CONNECT_LIMIT,
            });
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE_LIMIT);
        }
        if config.get_application_name().is_none() {
            config.application_name("event-grpc");
        }
        let security = Security::of(&given, is_loopback(&config)).map_err(AddressError::SslMode)?;
        config.ssl_mode(security.mode);
        let encrypted = security.mode != SslMode::Disable;
        let tls = encrypted.then(|| Tls::new(security.options));
        Ok(Address { config, tls })
    }

    /// Sets the password, unless the URL has one.
    #[must_use]
    pub fn with_password(mut self, password: Option<String>) -> Self {
        if let (Some(password), None) = (password, self.config.get_password()) {
            self.config.password(password);
        }
        self
    }

    /// Replaces the database.
    #[must_use]
    pub fn with_database(mut self, database: &str) -> Self {
        self.config.dbname(database);
        self
    }

    /// Database, if one is named; otherwise it has the user's name.
    pub fn database(&self) -> Option<&str> {
        self.config.get_dbname()
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Time limit for a usable connection to one of the hosts, before the next is tried.
    pub(super) fn time_limit_of_one(&self) -> Duration {
        self.config
            .get_connect_timeout()
            .map_or(CONNECT_LIMIT, |limit| *limit)
            * 2
    }

    /// Time limit for all of them, one after the other.
    pub(super) fn time_limit(&self) -> Duration {
        let hosts = u32::try_from(hosts::count(&self.config)).unwrap_or(u32::MAX);
        self.time_limit_of_one().saturating_mul(hosts.max(1))
    }

    /// True if there is more than one host.
    pub(super) fn is_of_several(&self) -> bool {
        hosts::count(&self.config) > 1
    }

    /// TLS, if a connection may be encrypted.
    pub(super) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }
}

/// True if all hosts are this machine.
fn is_loopback(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|a: IpAddr| a.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
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

/// Like `Display`, so that no derived `Debug` of a holder shows the password.
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
    fn of_several_hosts_one_that_takes_writes_is_wanted() {
        use TargetSessionAttrs::{Any, ReadWrite};
        let asked = |text: &str| Address::parse(text).map(|a| a.config.get_target_session_attrs());
        for (text, wanted) in [
            ("postgres://u@a/d", Any),
            ("postgres://u@a,b/d", ReadWrite),
            ("host=a,b user=u", ReadWrite),
            ("postgres://u@a,b/d?target_session_attrs=any", Any),
            (
                "postgres://u@a,b/d?target_session_attrs=primary&connect_timeout=1",
                ReadWrite,
            ),
            (
                "host=a,b target_session_attrs = 'primary' user=u",
                ReadWrite,
            ),
            ("host=a target_session_attrs=read-write", ReadWrite),
        ] {
            assert_eq!(asked(text).unwrap(), wanted, "{text}");
        }
        for (text, said) in [
            ("postgres://u@a,b/d?target_session_attrs=standby", "standby"),
            (
                "host=a,b target_session_attrs=prefer-standby",
                "prefer-standby",
            ),
            ("host=a,b target_session_attrs=read-only", "read-only"),
            ("host=a,b target_session_attrs=primry", "primry"),
        ] {
            let error = asked(text).unwrap_err().to_string();
            assert!(
                error.contains(&format!("={said};")) && error.contains("`primary`"),
                "{error}"
            );
        }
        let limit = |text: &str| Address::parse(text).unwrap().time_limit();
        assert_eq!(
            limit("postgres://u@a,b,c/d"),
            3 * 2 * CONNECT_LIMIT_OF_SEVERAL
        );
        assert_eq!(limit("host=a,b connect_timeout=1"), Duration::from_secs(4));
    }

    #[test]
    fn a_server_elsewhere_is_verified_unless_the_url_says_otherwise() {
        let modes = |url: &str| {
            let address = Address::parse(url).unwrap();
            let mode = address.config.get_ssl_mode();
            (mode, address.tls.is_some())
        };
        let (off, on) = ((SslMode::Disable, false), (SslMode::Require, true));
        for (url, wanted) in [
            ("postgres://a@127.0.0.1/d", off),
            ("postgres://a@127.0.0.1/d?application_name=sslmode", off),
            ("postgres://a@127.0.0.1/d?sslmode=require", on),
            ("postgres://a@localhost/d?sslrootcert=/ca.pem", on),
            ("postgres://a@db.example/d", on),
            ("postgres://a@127.0.0.1,db.example/d", on),
            ("postgres://a@db.example/d?sslmode=verify-full", on),
            ("host=db.example user=a sslmode=verify-ca", on),
            ("postgres://a@db.example/d?sslrootcert=system", on),
            ("postgres://a@db.example/d?sslmode=disable", off),
            (
                "postgres://a@db.example/d?sslmode=prefer",
                (SslMode::Prefer, true),
            ),
        ] {
            assert_eq!(modes(url), wanted, "{url}");
        }
        let error = Address::parse("postgres://a:hush@db.example/d?sslmode=allow").unwrap_err();
        assert!(error.to_string().contains("verify-full"), "{error}");
        assert!(matches!(
            Address::parse("postgres:///d"),
            Err(AddressError::NoHost)
        ));
    }
}
