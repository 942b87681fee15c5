//! Requests over HTTP/2, with any method, path, headers and body.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use tonic::Code;
use tonic::body::Body;
use tonic::transport::Channel;
use tower::{Service as _, ServiceExt as _};

use super::Outcome;
use crate::siege::attack::{Call, Proof};

/// Sends it, with this key if there is one, and reads the answer.
pub(super) async fn send(mut channel: Channel, call: &Call, key: Option<String>) -> Outcome {
    let mut request = http::Request::builder().method(call.method).uri(call.path);
    for (name, value) in &call.headers {
        request = request.header(*name, value);
    }
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let request = match request.body(body(call)) {
        Ok(request) => request,
        Err(error) => return Outcome::Refused(format!("not sent: {error}")),
    };
    if let Err(error) = channel.ready().await {
        return Outcome::Unanswered(format!("no connection: {error:?}"));
    }
    let answer = match channel.call(request).await {
        Ok(answer) => answer,
        // The cause is of no use to its sender, who knows that nothing was accepted.
        Err(_) => return Outcome::Closed,
    };
    if let Some(time) = call.unread {
        tokio::time::sleep(time).await;
        return Outcome::Left;
    }
    let status = answer.status();
    if status != http::StatusCode::OK {
        return Outcome::Refused(format!("HTTP {}", status.as_u16()));
    }
    let (head, body) = answer.into_parts();
    let trailers = match body.collect().await {
        Ok(body) => body.trailers().cloned().unwrap_or_default(),
        Err(status) => return Outcome::Refused(name(status.code())),
    };
    let code = trailers
        .get("grpc-status")
        .or_else(|| head.headers.get("grpc-status"));
    let code = code.map(|code| Code::from_bytes(code.as_bytes()));
    // RetryInfo is among the details.
    let details = "grpc-status-details-bin";
    let told_when = trailers.contains_key(details) || head.headers.contains_key(details);
    match code {
        Some(Code::Ok) => Outcome::Taken,
        Some(Code::ResourceExhausted) if call.proof == Proof::Own && !told_when => {
            Outcome::Refused("ResourceExhausted without RetryInfo".to_owned())
        }
        Some(code) => Outcome::Refused(name(code)),
        None => Outcome::Unanswered("200 without a grpc-status".to_owned()),
    }
}

fn name(code: Code) -> String {
    format!("{code:?}")
}

fn body(call: &Call) -> Body {
    let Some((parts, pause)) = call.slowly else {
        return Body::new(Full::new(call.body.clone()));
    };
    let length = call.body.len().div_ceil(parts.max(1)).max(1);
    let parts: Vec<Bytes> = call
        .body
        .chunks(length)
        .map(Bytes::copy_from_slice)
        .collect();
    let frames = stream::unfold(parts.into_iter(), move |mut parts| async move {
        let part = parts.next()?;
        tokio::time::sleep(pause).await;
        Some((Ok::<_, Infallible>(Frame::data(part)), parts))
    });
    Body::new(StreamBody::new(frames))
}
