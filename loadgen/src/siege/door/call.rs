//! Requests over HTTP/2, with any method, path, headers and body.

use std::convert::Infallible;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
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
    let (trailers, body) = match body.collect().await {
        Ok(body) => (
            body.trailers().cloned().unwrap_or_default(),
            body.to_bytes(),
        ),
        Err(status) => return Outcome::Refused(name(status.code())),
    };
    let code = trailers
        .get("grpc-status")
        .or_else(|| head.headers.get("grpc-status"));
    let code = code.map(|code| code.as_bytes().to_vec());
    let code = code.or_else(|| web_status(&body));
    let code = code.map(|code| Code::from_bytes(&code));
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

/// Status at the end of a gRPC-Web answer, whose body is base64 in the form for text.
fn web_status(body: &[u8]) -> Option<Vec<u8>> {
    const NAME: &[u8] = b"grpc-status:";
    let decoded = BASE64.decode(body).ok();
    let body = decoded.as_deref().unwrap_or(body);
    let at = body.windows(NAME.len()).rposition(|part| part == NAME)?;
    let value = body.get(at + NAME.len()..)?;
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit());
    Some(digits.copied().collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_an_answer_for_pages_is_in_its_body() {
        let body = b"\0\0\0\0\x02\x08\x01\x80\0\0\0\x20grpc-status:16\r\ngrpc-message:no\r\n";
        assert_eq!(web_status(body), Some(b"16".to_vec()));
        assert_eq!(
            web_status(BASE64.encode(body).as_bytes()),
            Some(b"16".to_vec())
        );
        assert_eq!(web_status(b"\0\0\0\0\x02\x08\x01"), None);
    }
}
