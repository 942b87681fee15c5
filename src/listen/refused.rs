//! Reason of a refusal, passed from a handler beside its answer.

use http::{Method, Response, StatusCode, Uri};

use super::peer::Peer;
use crate::client::Client;
use crate::metrics::connections::REQUESTS_REFUSED;

/// Reason of a refusal, among the extensions of an answer. It is counted and logged at debug.
#[derive(Debug, Clone)]
pub struct Refused {
    /// Short word for metrics.
    pub reason: &'static str,
    /// Reason as a sentence.
    pub text: String,
}

/// Notes the sender of a refused request among the extensions of its answer, for the log.
pub fn of_client<B>(mut answer: Response<B>, client: Client) -> Response<B> {
    answer.extensions_mut().insert(client);
    answer
}

/// Counts and logs a refused request.
pub(super) fn tell<B>(peer: &Peer, method: &Method, uri: &Uri, answer: &mut Response<B>) {
    let status = answer.status();
    let refused = match answer.extensions_mut().remove::<Refused>() {
        Some(refused) => refused,
        None => match by_status(status, answer) {
            Some(reason) => Refused {
                reason,
                text: String::new(),
            },
            None => return,
        },
    };
    let client = answer.extensions_mut().remove::<Client>();
    let client = client.unwrap_or_default();
    let door = peer.door();
    REQUESTS_REFUSED.with([door, refused.reason]).increment(1);
    tracing::debug!(
        door,
        peer = %peer.address(),
        client = client.name(),
        %method,
        path = shown(uri.path()),
        status = status.as_u16(),
        reason = refused.reason,
        text = refused.text,
        "A request was refused."
    );
}

/// Beginning of a path: its first segment. What is behind that may be a secret, also in a path that isn't known.
fn shown(path: &str) -> &str {
    let end = path.char_indices().filter(|(_, c)| *c == '/').nth(1);
    path.get(..end.map_or(path.len(), |(at, _)| at))
        .unwrap_or_default()
}

/// Refusals that don't come from a handler of this server.
fn by_status<B>(status: StatusCode, answer: &Response<B>) -> Option<&'static str> {
    match status {
        StatusCode::NOT_FOUND => Some("path"),
        StatusCode::METHOD_NOT_ALLOWED => Some("method"),
        // A gRPC status beside 200: an unknown method, or from health and reflection.
        StatusCode::OK => match answer.headers().get("grpc-status")?.as_bytes() {
            b"0" => None,
            b"12" => Some("path"),
            _ => Some("call"),
        },
        _ => None,
    }
}
