//! Open-ended calls, health Watch and reflection: limits on their number for each peer, and on their duration.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::{Extensions, HeaderMap};
use http_body::Frame;
use tokio::time::{Sleep, sleep};
use tonic::Status;

use crate::listen::{Endless, Peer, Refused, one_address};

/// Maximum number of concurrent reflection calls of the process and of one address: an answer is a thousand times
/// larger than its question.
const REFLECTING: usize = 32;
const REFLECTING_OF_ONE: usize = 4;

/// Maximum duration of a reflection call. A client that needs more calls again.
const REFLECTION: Duration = Duration::from_secs(60);

/// Maximum number of health Watch calls of one connection; each of its services needs one.
const WATCHING: u32 = 16;

/// Reflection calls under way, by address.
static REFLECTS: Mutex<BTreeMap<IpAddr, usize>> = Mutex::new(BTreeMap::new());

/// Middleware of services with open-ended calls: refuses those over a limit, and ends those that last too long.
pub(super) async fn bounded(request: Request, next: Next) -> Response {
    match Turn::take(request.uri().path(), request.extensions()) {
        Ok(Some(turn)) => next.run(request).await.map(|body| turn.hold(body)),
        Ok(None) => next.run(request).await,
        Err(status) => {
            let text = status.message().to_owned();
            let mut response: Response = status.into_http();
            let reason = "full";
            let refused = Refused::because(reason, text);
            response.extensions_mut().insert(refused);
            response
        }
    }
}

/// Registration of an open-ended call, held until the last byte of its answer is written.
struct Turn {
    reflects: Option<Reflects>,
    _endless: Option<Endless>,
}

/// Reflection call of an address.
struct Reflects(IpAddr);

impl Turn {
    /// Registers a call if its path is open-ended; an error says which limit is reached.
    fn take(path: &str, extensions: &Extensions) -> Result<Option<Turn>, Status> {
        let peer = extensions.get::<Arc<Peer>>();
        let reflects = match path.starts_with("/grpc.reflection.") {
            true => Some(Reflects::take(peer)?),
            false if path == "/grpc.health.v1.Health/Watch" => None,
            false => return Ok(None),
        };
        let of_one = || {
            let text = format!(
                "a connection may have {WATCHING} open calls of health Watch and reflection"
            );
            Status::resource_exhausted(text)
        };
        let endless = peer.map(|peer| peer.endless(WATCHING).ok_or_else(of_one));
        Ok(Some(Turn {
            reflects,
            _endless: endless.transpose()?,
        }))
    }

    /// Body of the answer, which holds the registration and ends at the time limit.
    fn hold(self, body: Body) -> Body {
        let until = self.reflects.as_ref().map(|_| Box::pin(sleep(REFLECTION)));
        Body::new(HeldAnswer {
            body,
            until,
            ended: false,
            _turn: self,
        })
    }
}

impl Reflects {
    fn take(peer: Option<&Arc<Peer>>) -> Result<Self, Status> {
        // Without a peer the call didn't come over the network.
        let address = peer.map_or(IpAddr::from([127, 0, 0, 1]), |peer| {
            one_address(peer.address().ip())
        });
        let mut reflects = REFLECTS.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = reflects.values().sum();
        let own = reflects.get(&address).copied().unwrap_or_default();
        if all >= REFLECTING || own >= REFLECTING_OF_ONE {
            let text = format!(
                "too many reflection calls: at most {REFLECTING_OF_ONE} of one address and {REFLECTING} in all;  \
                 try again"
            );
            return Err(Status::resource_exhausted(text));
        }
        reflects.insert(address, own + 1);
        Ok(Reflects(address))
    }
}

impl Drop for Reflects {
    fn drop(&mut self) {
        let mut reflects = REFLECTS.lock().unwrap_or_else(PoisonError::into_inner);
        match reflects.get_mut(&self.0) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(reflects.remove(&self.0)),
        }
    }
}

/// Answer body with its registration.
struct HeldAnswer {
    body: Body,
    until: Option<Pin<Box<Sleep>>>,
    ended: bool,
    _turn: Turn,
}

impl HttpBody for HeldAnswer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_ready() {
            return frame;
        }
        let until = self.until.as_mut().map(|until| until.as_mut().poll(cx));
        if until.is_none_or(|until| until.is_pending()) {
            return Poll::Pending;
        }
        self.ended = true;
        Poll::Ready(Some(Ok(Frame::trailers(old()))))
    }
}

/// Trailers of a call that exceeded the time limit.
fn old() -> HeaderMap {
    let seconds = REFLECTION.as_secs();
    let text = format!("a reflection call may last {seconds} s; call again");
    let mut trailers = HeaderMap::new();
    // The text holds only characters that a header allows.
    Status::unavailable(text).add_header(&mut trailers).ok();
    trailers
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use futures_util::stream;
    use http_body_util::BodyExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_address_has_its_part_and_each_call_its_time() {
        let path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
        let take = || Turn::take(path, &Extensions::new());
        let mut turns: Vec<Turn> = (0..REFLECTING_OF_ONE)
            .map(|_| take().unwrap().unwrap())
            .collect();
        let error = take().err().unwrap();
        assert!(error.message().contains("4 of one address"), "{error}");

        let silent = Body::from_stream(stream::pending::<Result<Bytes, axum::Error>>());
        let mut held = turns.pop().unwrap().hold(silent);
        let frame = held.frame().await.unwrap().unwrap();
        let trailers = frame.into_trailers().unwrap();
        assert_eq!(trailers.get("grpc-status").unwrap(), "14");
        assert!(held.frame().await.is_none());
        drop(held);
        assert!(take().is_ok_and(|turn| turn.is_some()));

        let others = [
            "/event.EventService/dispatch",
            "/grpc.health.v1.Health/Check",
        ];
        assert!(
            others
                .iter()
                .all(|path| Turn::take(path, &Extensions::new()).unwrap().is_none())
        );
    }
}
