//! Write keys: sent with each request, and never shown.

use std::fmt;

use tonic::metadata::errors::InvalidMetadataValue;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::{Request, Status};

/// Sends a write key, or a token, with each request.
///
/// ```
/// use event_grpc_client::tonic::transport::Endpoint;
/// use event_grpc_client::{EventServiceClient, WriteKey};
///
/// # async fn connect() -> Result<(), Box<dyn std::error::Error>> {
/// let channel = Endpoint::new("http://127.0.0.1:8017")?.connect().await?;
/// let key = WriteKey::new("eg_live_…")?;
/// let client = EventServiceClient::with_interceptor(channel, key);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct WriteKey(MetadataValue<Ascii>);

impl WriteKey {
    /// Takes a key; it is an error if it has characters that no header may have, such as a line's end.
    pub fn new(key: &str) -> Result<Self, InvalidMetadataValue> {
        let mut value: MetadataValue<Ascii> = format!("Bearer {key}").parse()?;
        // HTTP/2 keeps it out of its tables of headers.
        value.set_sensitive(true);
        Ok(WriteKey(value))
    }
}

impl Interceptor for WriteKey {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("authorization", self.0.clone());
        Ok(request)
    }
}

impl fmt::Debug for WriteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteKey(…)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_key_is_sent_and_not_shown() {
        let mut key = WriteKey::new("eg_live_secret").unwrap();
        assert!(!format!("{key:?}").contains("secret"));
        let request = key.call(Request::new(())).unwrap();
        let sent = request.metadata().get("authorization").unwrap();
        assert_eq!(sent.to_str().unwrap(), "Bearer eg_live_secret");
        assert!(!format!("{:?}", request.metadata()).contains("secret"));
        assert!(WriteKey::new("a\nb").is_err());
    }
}
