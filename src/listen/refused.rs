//! What a handler says beside its answer: why a request was refused.

use http::{Method, Response, StatusCode, Uri};

use super::peer::Peer;
use crate::metrics::connections::REQUESTS_REFUSED;

/// Why a request was refused, among an answer's extensions. It is counted and leaves a line at debug.
#[derive(Debug, Clone)]
pub struct Refused {
    /// One of few words, for metrics.
    pub reason: &'static str,
    /// The reason in a sentence.
    pub text: String,
}

/// Counts and tells that a request was refused, if it was.
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
    let door = peer.door();
    REQUESTS_REFUSED.with([door, refused.reason]).increment(1);
    tracing::debug!(
        door,
        peer = %peer.address(),
        %method,
        path = uri.path(),
        status = status.as_u16(),
        reason = refused.reason,
        text = refused.text,
        "A request was refused."
    );
}

/// Refusals that no handler of ours made.
fn by_status<B>(status: StatusCode, answer: &Response<B>) -> Option<&'static str> {
    match status {
        StatusCode::NOT_FOUND => Some("path"),
        StatusCode::METHOD_NOT_ALLOWED => Some("method"),
        // A gRPC status beside 200: of a method that isn't there, or from health and reflection.
        StatusCode::OK => match answer.headers().get("grpc-status")?.as_bytes() {
            b"0" => None,
            b"12" => Some("path"),
            _ => Some("call"),
        },
        _ => None,
    }
}
