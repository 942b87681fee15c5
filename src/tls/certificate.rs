//! Certificate facts: the name and the fingerprint by which a client's certificate is known, and the time in which a
//! certificate is valid.
//!
//! webpki verifies certificates and tells no name and no time; both are read with x509-parser, which the AMQP client brings along.

use std::net::IpAddr;
use std::sync::Arc;

use chrono::DateTime;
use sha2::{Digest as _, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Version;

/// Maximum length of a name that is taken from a certificate, in bytes.
const LONGEST_NAME: usize = 256;

/// Verified certificate of the client of a connection, among the extensions of each of its requests. Cheap to clone.
///
/// A request without one came over a connection whose client showed none. That there is one says that the configured
/// authority signed it, and no more: what its name may do is for others to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    name: Arc<str>,
    sha256: [u8; 32],
}

impl PeerCertificate {
    /// Certificate in DER, which was verified or is only looked at.
    pub(crate) fn of_der(der: &[u8]) -> Self {
        let certificate = X509Certificate::from_der(der).ok();
        let name = certificate.and_then(|(_, certificate)| name(&certificate));
        PeerCertificate {
            name: name.unwrap_or_default().into(),
            sha256: Sha256::digest(der).into(),
        }
    }

    /// Common name of its subject; without one, its first alternative name that is a DNS name, or else a URI. Empty if it
    /// has none of these, or one that is longer than 256 bytes or has control characters.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the certificate in DER, its fingerprint.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }
}

fn name(certificate: &X509Certificate<'_>) -> Option<String> {
    let mut common = certificate.subject().iter_common_name();
    // Of several it is not clear which is meant.
    if let (Some(only), None) = (common.next(), common.next()) {
        return only.as_str().ok().and_then(plain);
    }
    let alternative = certificate.subject_alternative_name().ok().flatten()?;
    let names = &alternative.value.general_names;
    let dns = names.iter().find_map(|name| match name {
        GeneralName::DNSName(name) => Some(*name),
        _ => None,
    });
    let uri = names.iter().find_map(|name| match name {
        GeneralName::URI(name) => Some(*name),
        _ => None,
    });
    dns.or(uri).and_then(plain)
}

fn plain(name: &str) -> Option<String> {
    let is_plain =
        !name.is_empty() && name.len() <= LONGEST_NAME && !name.chars().any(char::is_control);
    is_plain.then(|| name.to_owned())
}

/// Time in which a certificate is valid, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) from: i64,
    pub(super) until: i64,
}

impl Validity {
    /// Validity of a certificate in DER; none if it can't be read.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let validity = certificate.validity();
        Some(Validity {
            from: validity.not_before.timestamp(),
            until: validity.not_after.timestamp(),
        })
    }

    /// Why it isn't valid at this time, if it isn't.
    pub(super) fn trouble(&self, now: i64) -> Option<String> {
        if now > self.until {
            return Some(format!("its certificate expired at {}", date(self.until)));
        }
        if now < self.from {
            return Some(format!(
                "its certificate is not valid before {}",
                date(self.from)
            ));
        }
        None
    }
}

/// What a server's certificate says of its server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct About {
    /// DNS names and IP addresses by which clients may know the server.
    pub(super) names: Vec<String>,
    /// True if it is the certificate of an authority, which clients don't take as a server's.
    pub(super) is_authority: bool,
    /// True if it has no extensions, because it is of version 1 of X.509.
    pub(super) is_old: bool,
}

impl About {
    /// Facts of a certificate in DER; none if it can't be read.
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let alternative = certificate.subject_alternative_name().ok().flatten();
        let names = alternative
            .iter()
            .flat_map(|found| &found.value.general_names);
        let names = names.filter_map(|name| match name {
            GeneralName::DNSName(name) => plain(name),
            GeneralName::IPAddress(bytes) => address(bytes),
            _ => None,
        });
        Some(About {
            names: names.collect(),
            is_authority: certificate.is_ca(),
            is_old: certificate.version() != X509Version::V3,
        })
    }

    /// Why clients will refuse it, whatever name they know the server by.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        if self.is_authority {
            return Some(
                "it is the certificate of an authority (CA:TRUE): sign one for the server with it",
            );
        }
        self.names.is_empty().then_some(
            "it names no server: sign one with the names of the server in subjectAltName",
        )
    }
}

fn address(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let address = four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from));
    address.ok().map(|address| address.to_string())
}

/// Time as text, in UTC.
pub(super) fn date(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map_or_else(
        || format!("second {seconds} since 1970"),
        |time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    fn named(common: &[&str], others: Vec<SanType>) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for name in common {
            params.distinguished_name.push(DnType::CommonName, *name);
        }
        params.subject_alt_names = others;
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        PeerCertificate::of_der(certificate.der()).name().to_owned()
    }

    #[test]
    fn a_certificate_says_what_server_it_is_for() {
        let about = |names: &[&str], is_authority: bool| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let mut params = CertificateParams::new(names).unwrap();
            if is_authority {
                params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            }
            let key = KeyPair::generate().unwrap();
            About::of(params.self_signed(&key).unwrap().der()).unwrap()
        };
        let good = about(&["localhost", "127.0.0.1", "::1"], false);
        assert_eq!(good.names, ["localhost", "127.0.0.1", "::1"]);
        assert_eq!((good.is_old, good.trouble()), (false, None));
        let told = about(&["localhost"], true).trouble().unwrap();
        assert!(told.contains("CA:TRUE"), "{told}");
        let told = about(&[], false).trouble().unwrap();
        assert!(told.contains("subjectAltName"), "{told}");
    }

    #[test]
    fn a_certificate_has_its_common_name_or_its_first_other_name() {
        let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
        let uri = |name: &str| SanType::URI(name.try_into().unwrap());
        let others = || vec![uri("spiffe://shop/a"), dns("a.example"), dns("b.example")];
        assert_eq!(named(&["shop-web"], others()), "shop-web");
        assert_eq!(named(&[], others()), "a.example");
        assert_eq!(named(&[], vec![uri("spiffe://shop/a")]), "spiffe://shop/a");
        assert_eq!(named(&[], Vec::new()), "");
        assert_eq!(named(&["a\nb"], others()), "");
        assert_eq!(named(&[&"a".repeat(300)], Vec::new()), "");
        assert_eq!(PeerCertificate::of_der(b"no certificate").name(), "");
    }

    #[test]
    fn a_certificate_is_valid_for_a_time() {
        let validity = Validity {
            from: 1_000,
            until: 2_000,
        };
        assert_eq!(validity.trouble(1_500), None);
        let expired = validity.trouble(2_001).unwrap();
        assert_eq!(
            expired,
            "its certificate expired at 1970-01-01 00:33:20 UTC"
        );
        assert!(validity.trouble(999).unwrap().contains("not valid before"));
    }
}
