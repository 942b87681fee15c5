//! Options of traces: where they are sent, how many, and what they say of the instance.

use std::path::PathBuf;

use http::{HeaderMap, HeaderName, HeaderValue, Uri};
use url::Url;

use crate::http_client::CertificateError;

/// Path at which collectors take spans, if the endpoint has none.
const PATH: &str = "/v1/traces";

/// Options of traces.
#[derive(Debug, Clone)]
pub struct Options {
    /// Address of the collector.
    pub(super) endpoint: Uri,
    /// Share of requests that is traced, above 0 and up to 1.
    pub(super) ratio: f64,
    /// Headers of each export.
    pub(super) headers: HeaderMap,
    /// PEM file of the authorities that verify the collector, in place of this machine's.
    pub ca: Option<PathBuf>,
    /// Name of the service.
    pub service: String,
    /// Further attributes of the instance.
    pub attributes: Vec<(String, String)>,
}

/// Error with the options of traces. It holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The endpoint is no address.
    #[error(
        "{0:?} is no address of a collector; it begins with http:// or https:// and holds no account, as in http://127.0.0.1:4318"
    )]
    Endpoint(String),
    /// The ratio is no share.
    #[error("{0} is no share of requests; it is above 0 and up to 1")]
    Ratio(f64),
    /// A header isn't one.
    #[error(
        "header {0} of the traces is no `name=value` with characters that an HTTP header can hold"
    )]
    Header(usize),
    /// The certificates can't be read.
    #[error(transparent)]
    Certificates(#[from] CertificateError),
}

impl Options {
    /// Options to trace this share of requests. The service is named `event-grpc`.
    ///
    /// # Errors
    ///
    /// If the endpoint or the share can't be used.
    pub fn new(endpoint: &str, ratio: f64) -> Result<Self, TracesError> {
        if !(ratio > 0.0 && ratio <= 1.0) {
            return Err(TracesError::Ratio(ratio));
        }
        Ok(Options {
            endpoint: address(endpoint).ok_or_else(|| TracesError::Endpoint(shown(endpoint)))?,
            ratio,
            headers: HeaderMap::new(),
            ca: None,
            service: "event-grpc".to_owned(),
            attributes: Vec::new(),
        })
    }

    /// Sets the headers of each export: `name=value`, with commas or line breaks between them.
    ///
    /// # Errors
    ///
    /// If one of them is no header.
    pub fn with_headers(mut self, text: &str) -> Result<Self, TracesError> {
        let headers = text.split([',', '\n']).map(str::trim);
        for (at, header) in headers.filter(|header| !header.is_empty()).enumerate() {
            let bad = || TracesError::Header(at + 1);
            let (name, value) = header.split_once('=').ok_or_else(bad)?;
            let name: HeaderName = name.trim().parse().map_err(|_| bad())?;
            let mut value = HeaderValue::from_str(value.trim()).map_err(|_| bad())?;
            value.set_sensitive(true);
            self.headers.insert(name, value);
        }
        Ok(self)
    }
}

fn address(endpoint: &str) -> Option<Uri> {
    let mut url = Url::parse(endpoint).ok()?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !is_plain {
        return None;
    }
    url.set_fragment(None);
    if url.path() == "/" {
        url.set_path(PATH);
    }
    url.as_str().parse().ok()
}

/// An address as it may be shown: without an account and a query.
fn shown(endpoint: &str) -> String {
    let (scheme, rest) = endpoint.split_once("://").unwrap_or(("", endpoint));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let rest = rest.split('?').next().unwrap_or_default();
    match scheme {
        "" => rest.to_owned(),
        scheme => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_endpoint_without_a_path_gets_the_usual_one() {
        let uri = |endpoint: &str| Options::new(endpoint, 1.0).unwrap().endpoint.to_string();
        assert_eq!(uri("http://h:4318"), "http://h:4318/v1/traces");
        assert_eq!(uri("https://h/otlp/x?y=z#f"), "https://h/otlp/x?y=z");
    }

    #[test]
    fn what_is_wrong_is_told_without_secrets() {
        for (endpoint, told) in [
            ("h:4318", "\"h:4318\""),
            ("ftp://h", "\"ftp://h\""),
            ("http://u:hush@h/x?key=hush", "\"http://h/x\""),
        ] {
            let error = Options::new(endpoint, 1.0).unwrap_err().to_string();
            assert!(
                error.starts_with(told) && !error.contains("hush"),
                "{error}"
            );
        }
        for ratio in [0.0, -0.1, 1.1, f64::NAN] {
            assert!(Options::new("http://h", ratio).is_err(), "{ratio}");
        }
        let headers = |text: &str| Options::new("http://h", 1.0).unwrap().with_headers(text);
        let read = headers("x-key = hush=1,\n authorization=Bearer hush\n").unwrap();
        assert_eq!(read.headers["x-key"], "hush=1");
        assert_eq!(read.headers["authorization"], "Bearer hush");
        assert!(!format!("{read:?}").contains("hush"), "{read:?}");
        let error = headers("a=b,hush").unwrap_err().to_string();
        assert!(
            error.contains("header 2") && !error.contains("hush"),
            "{error}"
        );
    }
}
