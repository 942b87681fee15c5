//! What went wrong between two sides of TLS, in words that tell what to do.

use std::error::Error as StdError;
use std::io;

use chrono::DateTime;
use rustls::{AlertDescription, CertificateError, Error};
use rustls_pki_types::UnixTime;

use super::options::{Names, Options};

/// A handshake that failed, and what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HandshakeError(String);

/// Explains the error of a handshake with a host.
pub(super) fn handshake(
    host: &str,
    options: &Options,
    error: &(dyn StdError + 'static),
) -> HandshakeError {
    let text = match find::<Error>(error) {
        Some(Error::InvalidCertificate(why)) => certificate(why, host, options),
        Some(Error::AlertReceived(alert)) => match alerted(*alert, options.names) {
            Some(text) => format!("{host}: {text}"),
            None => format!("{host} ended the TLS handshake: {alert:?}"),
        },
        Some(Error::InvalidMessage(_)) => {
            format!("{host} doesn't answer in TLS; is this the port of its TLS listener?")
        }
        Some(other) => format!("the TLS handshake with {host} failed: {other}"),
        None => format!("the TLS handshake with {host} failed: {error}"),
    };
    HandshakeError(text)
}

/// Why a connection failed, if TLS is the reason: a handshake that failed, or a server that refuses the client's
/// certificate, which TLS 1.3 tells only after the handshake. Nothing that was sent has been read then.
pub fn refusal(error: &(dyn StdError + 'static), names: &Names) -> Option<String> {
    if let Some(HandshakeError(text)) = find(error) {
        return Some(text.clone());
    }
    match find::<Error>(error)? {
        Error::AlertReceived(alert) => alerted(*alert, names),
        _ => None,
    }
}

/// What it may mean that a server ended a connection before it said anything over TLS: what tells that a client's
/// certificate isn't taken can be lost with the connection. None if the connection failed otherwise.
pub fn silent_end(error: &(dyn StdError + 'static), names: &Names) -> Option<String> {
    use io::ErrorKind as Kind;
    let ends = [
        Kind::ConnectionReset,
        Kind::ConnectionAborted,
        Kind::BrokenPipe,
        Kind::UnexpectedEof,
    ];
    let by = names.certificate;
    find::<io::Error>(error)
        .is_some_and(|error| ends.contains(&error.kind()))
        .then(|| {
            format!("the server ended the connection right after the TLS handshake; it may want another client certificate ({by})")
        })
}

/// The first error of a type among an error and its causes.
fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // The cause of an I/O error is not the error that it holds, but the cause of that.
        let held = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match held {
            Some(held) => Some(held as &(dyn StdError + 'static)),
            None => error.source(),
        };
    }
    None
}

/// What is wrong with a server's certificate.
fn certificate(error: &CertificateError, host: &str, options: &Options) -> String {
    use CertificateError as Why;
    let whose = format!("the certificate of {host}");
    let Names {
        ca, server_name, ..
    } = options.names;
    match error {
        Why::ExpiredContext { not_after, .. } => {
            format!("{whose} expired on {}; it must be renewed", day(not_after))
        }
        Why::Expired => format!("{whose} has expired; it must be renewed"),
        Why::NotValidYetContext { not_before, .. } => format!(
            "{whose} is not valid before {}; is the clock of this machine right?",
            day(not_before)
        ),
        Why::NotValidYet => {
            format!("{whose} is not valid yet; is the clock of this machine right?")
        }
        Why::NotValidForNameContext {
            expected,
            presented,
        } => {
            let names = match presented.as_slice() {
                [] => "no name at all (it has no subjectAltName)".to_owned(),
                names => some(names),
            };
            let expected = expected.to_str();
            format!("{whose} is for {names}, and not for {expected}; {server_name}")
        }
        Why::NotValidForName => format!("{whose} is for another name; {server_name}"),
        Why::UnknownIssuer => {
            let by = match &options.ca {
                Some(file) => format!("those in {}", file.display()),
                None => "those of this machine".to_owned(),
            };
            format!(
                "{whose} is signed by an unknown authority, none of {by}; name its file by {ca}"
            )
        }
        Why::BadSignature => format!(
            "{whose} is not signed by the authority that it names; name the right one's file by {ca}"
        ),
        Why::Revoked => format!("{whose} is revoked"),
        // The library keeps these apart only in its own words.
        other if said(other, "CaUsedAsEndEntity") => format!(
            "{whose} is that of an authority (CA:TRUE), which no server's may be; sign one for the server by it"
        ),
        other if said(other, "UnsupportedCertVersion") => {
            format!("{whose} is of an outdated version of X.509; it needs version 3")
        }
        other => format!("{whose} can't be accepted: {other}"),
    }
}

/// The first of many names.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(|name| bare(name)).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A name without what the library writes around it: `DnsName("a.example")`, `IpAddress(127.0.0.1)`.
fn bare(name: &str) -> &str {
    let inner = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"')
}

fn said(error: &CertificateError, word: &str) -> bool {
    format!("{error:?}").contains(word)
}

/// What an alert of a server says about the client's certificate, or the handshake.
fn alerted(alert: AlertDescription, names: &Names) -> Option<String> {
    use AlertDescription as Alert;
    let by = names.certificate;
    Some(match alert {
        Alert::CertificateRequired => {
            format!("the server wants a client certificate; name one by {by}")
        }
        Alert::HandshakeFailure => {
            format!("the server ended the handshake; it may want a client certificate ({by})")
        }
        Alert::UnknownCA => {
            format!("the server doesn't know the authority of the client certificate ({by})")
        }
        Alert::CertificateExpired => {
            format!("the server says that the client certificate has expired ({by})")
        }
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateUnknown
        | Alert::AccessDenied
        | Alert::DecryptError => {
            format!("the server refuses the client certificate ({by}): {alert:?}")
        }
        Alert::ProtocolVersion => {
            "the server speaks neither TLS 1.2 nor TLS 1.3, which are what is spoken here"
                .to_owned()
        }
        _ => return None,
    })
}

/// A time, for people.
fn day(time: &UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match DateTime::from_timestamp(seconds, 0) {
        Some(time) => time.format("%Y-%m-%d %H:%M UTC").to_string(),
        None => format!("second {seconds} of Unix time"),
    }
}
