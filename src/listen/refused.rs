//! Reason of a refusal, passed from a handler beside its answer: it is counted, logged, and shown to who looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::{Method, Response, StatusCode, Uri};

use super::peer::Peer;
use crate::client::Client;
use crate::metrics::connections::REQUESTS_REFUSED;

/// Interval at which refusals of a port are logged at `info`, each reason by itself; those in between are logged at `debug`.
const TOLD: Duration = Duration::from_secs(1);

/// Refusals that were logged last, by port and reason.
static LAST: Mutex<BTreeMap<(&str, &str), Last>> = Mutex::new(BTreeMap::new());

/// Reason of a refusal, among the extensions of an answer.
#[derive(Debug, Clone, Default)]
pub struct Refused {
    /// Short word for metrics.
    pub reason: &'static str,
    /// Reason as a sentence.
    pub text: String,
    /// Source that the request was for; empty if it was for none.
    pub source: &'static str,
    /// True if its events were shown one by one to who looks.
    pub by_events: bool,
}

/// Refused request, for who looks at requests.
#[derive(Debug)]
pub struct RefusedRequest<'a> {
    /// Name of the port.
    pub door: &'static str,
    /// Who sent it.
    pub client: &'a Client,
    /// Why.
    pub refused: &'a Refused,
}

/// What looks at each request that is refused. It must not wait.
pub type Look = Arc<dyn Fn(&RefusedRequest<'_>) + Send + Sync>;

/// Refusal that was logged last.
struct Last {
    at: Instant,
    /// Number of refusals since then.
    more: u64,
}

impl Refused {
    /// Refusal for a reason.
    pub fn because(reason: &'static str, text: impl Into<String>) -> Self {
        Refused {
            reason,
            text: text.into(),
            ..Refused::default()
        }
    }
}

/// Notes the sender of a refused request among the extensions of its answer.
pub fn of_client<B>(mut answer: Response<B>, client: Client) -> Response<B> {
    answer.extensions_mut().insert(client);
    answer
}

/// Notes the source that a refused request was for.
pub fn of_source<B>(mut answer: Response<B>, source: &'static str) -> Response<B> {
    if let Some(refused) = answer.extensions_mut().get_mut::<Refused>() {
        refused.source = source;
    }
    answer
}

/// Counts, logs and shows a refused request.
pub(super) fn tell<B>(
    seen: (&Peer, Option<&Look>),
    method: &Method,
    uri: &Uri,
    answer: &mut Response<B>,
) {
    let status = answer.status();
    let refused = match answer.extensions_mut().remove::<Refused>() {
        Some(refused) => refused,
        None => match by_status(status, answer) {
            Some((reason, text)) => Refused::because(reason, text),
            None => return,
        },
    };
    let client = answer.extensions_mut().remove::<Client>();
    let client = client.unwrap_or_default();
    let head = Head {
        method: Some(method),
        path: Some(shown(uri.path())),
        status: Some(status.as_u16()),
    };
    told(seen, &client, &refused, &head);
}

/// Counts, logs and shows a request of which there is no more than a head that the HTTP library refused, and answered. Other
/// errors of a connection refuse nothing.
pub(super) fn tell_head(seen: (&Peer, Option<&Look>), error: &hyper::Error) {
    let refused = match error.is_parse() {
        true if error.is_parse_too_large() => Refused::because(
            "head_too_large",
            "the head of the request is too long, or has too many headers",
        ),
        // Its words are about the syntax, and quote nothing.
        true => Refused::because("malformed", format!("it is not HTTP: {error}")),
        false => return,
    };
    told(seen, &Client::default(), &refused, &Head::default());
}

/// What is known of the head of a refused request.
#[derive(Default)]
struct Head<'a> {
    method: Option<&'a Method>,
    path: Option<&'a str>,
    status: Option<u16>,
}

fn told((peer, look): (&Peer, Option<&Look>), client: &Client, refused: &Refused, head: &Head<'_>) {
    let door = peer.door();
    REQUESTS_REFUSED.with([door, refused.reason]).increment(1);
    if let Some(look) = look {
        look(&RefusedRequest {
            door,
            client,
            refused,
        });
    }
    macro_rules! log {
        ($level:ident $(, $more:ident)?) => {
            tracing::$level!(
                door,
                peer = %peer.address(),
                client = client.name(),
                method = head.method.map(Method::as_str),
                path = head.path,
                status = head.status,
                reason = refused.reason,
                text = refused.text,
                $($more,)?
                "A request was refused."
            )
        };
    }
    match is_told(door, refused.reason, Instant::now()) {
        Some(more) => log!(info, more),
        None => log!(debug),
    }
}

/// If a refusal is logged at `info` now: the number of those before it that weren't.
fn is_told(door: &'static str, reason: &'static str, now: Instant) -> Option<u64> {
    let mut all = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match all.get_mut(&(door, reason)) {
        Some(last) if now.saturating_duration_since(last.at) < TOLD => {
            last.more += 1;
            None
        }
        Some(last) => {
            last.at = now;
            Some(std::mem::take(&mut last.more))
        }
        None => {
            all.insert((door, reason), Last { at: now, more: 0 });
            Some(0)
        }
    }
}

/// Beginning of a path: its first segment. What is behind that may be a secret, also in a path that isn't known.
fn shown(path: &str) -> &str {
    let end = path.char_indices().filter(|(_, c)| *c == '/').nth(1);
    path.get(..end.map_or(path.len(), |(at, _)| at))
        .unwrap_or_default()
}

/// Refusals that don't come from a handler of this server.
fn by_status<B>(status: StatusCode, answer: &Response<B>) -> Option<(&'static str, &'static str)> {
    let path = ("path", "nothing is served at this path");
    match status {
        StatusCode::NOT_FOUND => Some(path),
        StatusCode::METHOD_NOT_ALLOWED => Some(("method", "the path is for other methods")),
        // A gRPC status beside 200: an unknown method, or from health and reflection.
        StatusCode::OK => match answer.headers().get("grpc-status")?.as_bytes() {
            b"0" => None,
            b"12" => Some(path),
            _ => Some(("call", "")),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_line_a_second_that_says_how_many_there_were() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let told = |ms| is_told("test", "flood", at(ms));
        assert_eq!([told(0), told(1), told(999)], [Some(0), None, None]);
        assert_eq!(is_told("test", "other", at(999)), Some(0));
        assert_eq!(
            [told(1_000), told(1_001), told(2_500)],
            [Some(2), None, Some(1)]
        );
    }
}
