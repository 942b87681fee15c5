//! App events that are forwarded one by one: into topics, as JSON and as protobuf, and to an HTTP API. What is wrong with one
//! of them costs that one alone.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use event_grpc::broker::{HeaderValue, KafkaAddress, Outgoing, Properties, Settled};
use event_grpc::contract::headers as h;
use event_grpc::contract::{Input, Piece, Request, Target, To};
use event_grpc::proto_json::{Most, ProtoJson};
use event_grpc::protobuf::writer::push_field;
use prost::Message as _;
use serde_json::{Value, json};

use super::server::{Seen, Server, status};
use super::support::{Options, Running, run_request};
use crate::kafka::support::brokers;
use crate::kafka::topics::{Read, make, name, read};
use crate::kinds::small::envelope::ENVELOPE;
use crate::kinds::small::proto::event::event::EventOf;
use crate::kinds::small::proto::event::{AddToCart, Event, EventBatch, Events, Header};
use crate::kinds::small::requests::events_out::REQUEST;

/// The request of the generator's golden files, whose targets are these, chosen by the header's channel.
fn to(web: To, raw: To) -> Request {
    let target = |at: usize, to: To| Target {
        name: REQUEST.targets[at].name,
        to,
        headers: &[],
    };
    let api = To::Url {
        method: "POST",
        url: &[Piece::Variable("URL")],
    };
    Request {
        targets: Box::leak(Box::new([target(0, web), target(1, raw), target(2, api)])),
        ..REQUEST
    }
}

/// The same with topics of these names.
fn to_topics(web: &'static str, raw: &'static str) -> Request {
    let topic = |at: usize, name| match REQUEST.targets[at].to {
        To::Topic { format, key, .. } => To::Topic { name, format, key },
        other => other,
    };
    to(topic(0, web), topic(1, raw))
}

/// The same with nothing but HTTP APIs.
fn to_apis() -> Request {
    let api = To::Url {
        method: "POST",
        url: &[Piece::Variable("URL")],
    };
    to(api, api)
}

fn header(session: &str, channel: &str) -> Header {
    Header {
        session_id: session.into(),
        channel: channel.into(),
        ..Header::default()
    }
}

fn cart(id: &str, product_id: i64) -> Event {
    Event {
        id: id.into(),
        timestamp: "1770000000000".into(),
        event_of: Some(EventOf::AddToCart(AddToCart { product_id })),
    }
}

/// A message with this body, as intake publishes it.
fn message(body: Vec<u8>, kind: &'static str) -> Outgoing {
    let properties = Properties {
        content_type: Some(h::PROTOBUF.into()),
        kind: Some(kind.into()),
        ..Properties::default()
    };
    Outgoing::new("in.dx", "in", Bytes::from(body)).with(properties)
}

fn batch(requests: &[Events]) -> Outgoing {
    let batches = requests.to_vec();
    message(EventBatch { batches }.encode_to_vec(), h::EVENT_BATCH)
}

async fn settled(running: &Running, message: Outgoing) {
    let waiting = running.publish(message);
    let settled = tokio::time::timeout(Duration::from_secs(60), waiting);
    settled.await.expect("settled in time").unwrap();
}

fn of_record<'a>(record: &'a Read, name: &str) -> &'a str {
    let mut headers = record.headers.iter();
    let found = headers.find(|(key, _)| key == name);
    found.map_or("", |(_, value)| value.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_become_records_in_both_formats_and_those_of_a_key_keep_their_order() {
    let Some(brokers) = brokers() else { return };
    let address = KafkaAddress::parse(&brokers).unwrap();
    let (web, raw) = (name("web"), name("raw"));
    make(&brokers, web, 4, &[]).await;
    make(&brokers, raw, 1, &[]).await;
    let options = Options::default();
    let url = "http://127.0.0.1:1/";
    let input = Input::Events(&ENVELOPE);
    let mut running = run_request(to_topics(web, raw), input, url, Some(&address), options);
    let of = |n: usize| Events {
        header: Some(header(
            &format!("s{}", n % 4),
            if n % 10 == 9 { "raw" } else { "web" },
        )),
        events: vec![cart(&format!("id-{n}"), n as i64 + 1)],
    };
    let sent: Vec<Events> = (0..40).map(of).collect();
    settled(&running, batch(&sent)).await;

    let number = |record: &Read| -> usize {
        let id = of_record(record, "event-id");
        id.trim_start_matches("id-").parse().unwrap()
    };
    let reader = ProtoJson::new(&ENVELOPE);
    let mut of_keys: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for record in read(&brokers, web, 36).await {
        let n = number(&record);
        assert_eq!(of_record(&record, "content-type"), "application/json");
        let body: Value = serde_json::from_slice(&record.value).unwrap();
        let wanted =
            json!({"type": "AddToCart", "id": format!("id-{n}"), "productId": (n + 1).to_string()});
        for (member, value) in wanted.as_object().unwrap() {
            assert_eq!(&body[member], value, "{body}");
        }
        assert_eq!(body["at"], "2026-02-02T02:40:00Z");
        // The event under its header is what a sender would send.
        let whole = body["whole"].to_string();
        let (events, told) = (10, 10);
        let again = reader
            .read(whole.as_bytes(), Most { events, told })
            .unwrap();
        assert_eq!(Events::decode(again.wire.as_slice()).unwrap(), sent[n]);
        of_keys
            .entry(record.key.clone().unwrap())
            .or_default()
            .push(n);
    }
    assert_eq!(of_keys.len(), 4);
    for (key, numbers) in of_keys {
        let of_key = |n: &usize| n % 10 != 9 && key == format!("s{}", n % 4);
        assert_eq!(numbers, (0..40).filter(of_key).collect::<Vec<_>>(), "{key}");
    }
    for record in read(&brokers, raw, 4).await {
        let n = number(&record);
        assert_eq!(of_record(&record, "content-type"), "application/x-protobuf");
        assert_eq!(
            record.key,
            Some((n + 1).to_string()),
            "the payload's product"
        );
        assert_eq!(Events::decode(record.value.as_slice()).unwrap(), sent[n]);
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_wait_for_a_topic_are_written_by_the_next_instance_under_their_ids() {
    let Some(brokers) = brokers() else { return };
    let address = KafkaAddress::parse(&brokers).unwrap();
    let (web, raw) = (name("web"), name("late"));
    make(&brokers, web, 1, &[]).await;
    let mut request = to_topics(web, raw);
    request.timeout_ms = 500;
    let (url, input) = ("http://127.0.0.1:1/", Input::Events(&ENVELOPE));
    let mut running = run_request(request, input, url, Some(&address), Options::default());
    let sent = Events {
        header: Some(header("s", "raw")),
        events: (0..10).map(|n| cart(&format!("id-{n}"), n)).collect(),
    };
    let waiting = running.publish(batch(std::slice::from_ref(&sent)));
    let paused = async {
        while !running.states.paused().contains_key("events_out.raw") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let paused = tokio::time::timeout(Duration::from_secs(60), paused).await;
    paused.expect("its target is paused");
    running.stop().await;
    assert!(!waiting.is_finished(), "nothing is settled");
    make(&brokers, raw, 1, &[]).await;
    running.start_again();
    let settled = tokio::time::timeout(Duration::from_secs(60), waiting);
    settled.await.expect("settled in time").unwrap();
    let mut found = BTreeMap::new();
    for record in read(&brokers, raw, 10).await {
        let event = Events::decode(record.value.as_slice()).unwrap();
        found.insert(of_record(&record, "event-id").to_owned(), event);
    }
    let wanted = sent.events.iter().map(|event| {
        let alone = Events {
            header: sent.header.clone(),
            events: vec![event.clone()],
        };
        (event.id.clone(), alone)
    });
    assert_eq!(found, wanted.collect());
    running.stop().await;
}

/// A dead letter: its class, its type, and what it holds.
struct Letter {
    class: String,
    kind: String,
    body: Bytes,
    properties: Properties,
}

async fn letter(running: &Running) -> Letter {
    let next = tokio::time::timeout(Duration::from_secs(30), running.dead.next());
    let delivery = next.await.expect("a dead letter").unwrap();
    let text = |name: &str| match delivery.properties.header(name) {
        Some(HeaderValue::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let letter = Letter {
        class: text(h::DEAD_CLASS),
        kind: text(h::DEAD_EVENT_TYPE),
        body: delivery.body.clone(),
        properties: delivery.properties.clone(),
    };
    assert_eq!(delivery.ack.ack().await, Settled::Done);
    letter
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_event_costs_it_alone_and_it_is_sent_again_under_its_id() {
    let server = Server::start().await;
    let (url, input) = (server.url("/events"), Input::Events(&ENVELOPE));
    let mut running = run_request(to_apis(), input, &url, None, Options::default());
    let came: Mutex<BTreeMap<String, usize>> = Mutex::default();
    server.answer(move |seen| {
        let id = seen.headers["event-id"].clone();
        let mut came = came.lock().unwrap();
        let before = came.entry(id.clone()).or_default();
        *before += 1;
        match (id.as_str(), *before) {
            ("refused", 1) => Some(status(400)),
            ("again", 1) => Some(status(503)),
            _ => None,
        }
    });
    let late = Event {
        timestamp: "soon".into(),
        ..cart("late", 2)
    };
    // The payload ends in the middle of its field.
    let mut broken = Vec::new();
    push_field(&mut broken, 4, b"broken");
    push_field(&mut broken, 9, b"\x20");
    let mut unknown = Vec::new();
    push_field(&mut unknown, 4, b"unknown");
    push_field(&mut unknown, 99, b"");
    let events = [
        cart("good", 1).encode_to_vec(),
        late.encode_to_vec(),
        broken.clone(),
        cart("refused", 3).encode_to_vec(),
        unknown.clone(),
        cart("again", 4).encode_to_vec(),
    ];
    let header = header("s", "api").encode_to_vec();
    let request = |events: &[Vec<u8>]| {
        let events: Vec<&[u8]> = events.iter().map(Vec::as_slice).collect();
        ENVELOPE.request(&header, &events)
    };
    let waiting = running.publish(message(request(&events), ENVELOPE.message));
    let mut letters = BTreeMap::new();
    for _ in 0..4 {
        let letter = letter(&running).await;
        letters.insert(letter.class.clone(), letter);
    }
    let settled = tokio::time::timeout(Duration::from_secs(30), waiting);
    settled.await.expect("settled in time").unwrap();
    for (class, kind, event) in [
        ("bad_field", "AddToCart", &events[1]),
        ("malformed", "AddToCart", &broken),
        ("refused", "AddToCart", &events[3]),
        ("unknown_type", "99", &unknown),
    ] {
        let known = letters.keys().cloned().collect::<Vec<_>>();
        let letter = letters.get(class);
        let letter = letter.unwrap_or_else(|| panic!("no letter is {class}: {known:?}"));
        assert_eq!(letter.kind, kind, "{class}");
        assert_eq!(letter.body, request(std::slice::from_ref(event)), "{class}");
    }
    // What was refused is replayed as it is in its letter.
    let refused = &letters["refused"];
    let properties = Properties {
        content_type: refused.properties.content_type.clone(),
        kind: refused.properties.kind.clone(),
        ..Properties::default()
    };
    let again = Outgoing::new("in.dx", "in", refused.body.clone()).with(properties);
    self::settled(&running, again).await;
    let of = |id: &str| -> Vec<Seen> {
        let seen = server.seen().into_iter();
        seen.filter(|seen| seen.headers["event-id"] == id).collect()
    };
    assert_eq!(server.seen().len(), 5);
    assert_eq!(of("good").len(), 1);
    for id in ["again", "refused"] {
        let seen = of(id);
        assert_eq!(seen.len(), 2, "{id}");
        assert_eq!(seen[0].body, seen[1].body);
        assert_eq!(seen[0].headers["content-type"], "application/json");
    }
    running.stop().await;
}
