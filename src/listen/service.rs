//! HTTP service of a connection: each request carries its peer, and is under way until its answer is written.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use bytes::Buf;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::runtime::Handle;
use tower::Service as _;

use super::peer::{Peer, UnderWay, Unwritten};
use super::refused::{self, Look};
use crate::tls::PeerCertificate;

/// Maximum declared length of a request whose rest is discarded on HTTP/2, in bytes. The stream of a longer one is reset.
const SHORT: u64 = 64 << 10;

/// Service that answers the requests of a connection.
pub(super) struct Requests {
    router: Router,
    peer: Arc<Peer>,
    look: Option<Look>,
    certificate: Option<PeerCertificate>,
}

impl Requests {
    pub(super) fn new(
        router: Router,
        (peer, look): (Arc<Peer>, Option<Look>),
        certificate: Option<PeerCertificate>,
    ) -> Self {
        Requests {
            router,
            peer,
            look,
            certificate,
        }
    }
}

impl hyper::service::Service<Request<Incoming>> for Requests {
    type Response = Response<Leaving>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let under_way = Arc::new(self.peer.request(request.version()));
        let (peer, look) = (Arc::clone(&self.peer), self.look.clone());
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(Arc::clone(&peer));
        if let Some(certificate) = &self.certificate {
            parts.extensions.insert(certificate.clone());
        }
        let body = Body::new(Arriving {
            is_short: body
                .size_hint()
                .upper()
                .is_some_and(|length| length <= SHORT),
            body: Some(body),
            ended: false,
            peer: Arc::clone(&peer),
        });
        let answer = self.router.clone().call(Request::from_parts(parts, body));
        Box::pin(async move {
            let Ok(mut answer) = answer.await;
            if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
                say_what_is_allowed(&method, &mut answer);
            }
            refused::tell((&peer, look.as_ref()), &method, &uri, &mut answer);
            Ok(answer.map(|body| Leaving { body, under_way }))
        })
    }
}

/// Lists the methods that a path supports, for OPTIONS and for unsupported methods.
fn say_what_is_allowed(method: &Method, answer: &mut Response<Body>) {
    let headers = answer.headers_mut();
    let allowed = headers.get(header::ALLOW).and_then(|a| a.to_str().ok());
    let allowed = match allowed {
        Some(allowed) if !allowed.is_empty() => format!("{allowed},OPTIONS"),
        _ => "OPTIONS".to_owned(),
    };
    if let Ok(allowed) = HeaderValue::try_from(allowed) {
        headers.insert(header::ALLOW, allowed);
    }
    if method == Method::OPTIONS {
        *answer.status_mut() = StatusCode::NO_CONTENT;
    }
}

/// Request body that tells its peer when it is dropped before its end.
struct Arriving {
    /// None once it is dropped.
    body: Option<Incoming>,
    /// True if little can be left of it.
    is_short: bool,
    ended: bool,
    peer: Arc<Peer>,
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else {
            return Poll::Ready(None);
        };
        let frame = ready!(Pin::new(body).poll_frame(cx));
        self.ended |= !matches!(frame, Some(Ok(_)));
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.body.as_ref().map(Incoming::size_hint);
        hint.unwrap_or_default()
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        if self.ended || self.is_end_stream() {
            return;
        }
        self.peer.left_unread();
        let linger = self.peer.stream_linger().filter(|_| self.is_short);
        // Outside a runtime, which is shutting down then, nothing is left to read.
        if let (Some(linger), Some(body), Ok(runtime)) =
            (linger, self.body.take(), Handle::try_current())
        {
            runtime.spawn(tokio::time::timeout(linger, discard(body)));
        }
    }
}

/// Reads a body to its end and keeps nothing of it.
async fn discard(mut body: Incoming) {
    while let Some(Ok(_)) = body.frame().await {}
}

/// Answer body. Its request is under way until this and all its pieces are gone: hyper takes pieces before it can write
/// them.
pub(super) struct Leaving {
    body: Body,
    under_way: Arc<UnderWay>,
}

/// A piece of an answer.
pub(super) struct Piece {
    bytes: Bytes,
    _unwritten: Unwritten,
}

impl HttpBody for Leaving {
    type Data = Piece;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| {
                frame.map_data(|bytes| Piece {
                    bytes,
                    _unwritten: self.under_way.piece(),
                })
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}
