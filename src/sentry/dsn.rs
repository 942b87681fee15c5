//! DSN of Sentry: where reports go, and the key of the project.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use url::Url;

/// DSN: `https://KEY@HOST/PROJECT`.
#[derive(Clone, PartialEq, Eq)]
pub struct Dsn {
    /// Address at which envelopes are taken.
    pub(super) envelopes: Uri,
    /// Public key of the project.
    pub(super) key: String,
}

/// The text is no DSN. What it is isn't shown, since it may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no DSN of Sentry, as in https://KEY@HOST/PROJECT")]
pub struct BadDsn;

impl FromStr for Dsn {
    type Err = BadDsn;

    fn from_str(text: &str) -> Result<Self, BadDsn> {
        let url = Url::parse(text.trim()).map_err(|_| BadDsn)?;
        let is_plain = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let (before, project) = url.path().rsplit_once('/').ok_or(BadDsn)?;
        let has_all = is_plain(url.username()) && is_plain(project);
        if !matches!(url.scheme(), "http" | "https") || !has_all {
            return Err(BadDsn);
        }
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(BadDsn)?;
        let port = url
            .port()
            .map(|port| format!(":{port}"))
            .unwrap_or_default();
        let scheme = url.scheme();
        let address = format!("{scheme}://{host}{port}{before}/api/{project}/envelope/");
        Ok(Dsn {
            envelopes: address.parse().map_err(|_| BadDsn)?,
            key: url.username().to_owned(),
        })
    }
}

// The key lets anybody send reports.
impl fmt::Debug for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dsn")
            .field("host", &self.envelopes.host())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_dsn_is_an_address_and_a_key() {
        for (text, address) in [
            (
                "https://ab1@o1.ingest.example/42",
                "https://o1.ingest.example/api/42/envelope/",
            ),
            (
                "http://ab1:old@[::1]:9000/sentry/7\n",
                "http://[::1]:9000/sentry/api/7/envelope/",
            ),
        ] {
            let dsn: Dsn = text.parse().unwrap();
            assert_eq!(dsn.envelopes, address);
            assert_eq!(dsn.key, "ab1");
            assert!(!format!("{dsn:?}").contains("ab1"), "{dsn:?}");
        }
        for text in [
            "",
            "ab1",
            "https://h/1",
            "https://ab1@h",
            "https://ab1@h/",
            "ftp://ab1@h/1",
        ] {
            assert_eq!(text.parse::<Dsn>(), Err(BadDsn), "{text}");
        }
    }
}
