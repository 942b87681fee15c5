//! Client of a message: the name of its sender, as intake or another service wrote it beside the events.
//!
//! Who may publish to an exchange is decided by RabbitMQ, and may say for whom. What is no name counts as none.

use bytes::Bytes;

use super::message::{Content, Prepared};
use super::split::Part;
use super::unit::event_at;
use crate::broker::{HeaderValue, Properties};
use crate::client::name_in;
use crate::contract::headers::CLIENT;

/// Name of a message's client in its headers; empty if there is none.
pub(super) fn of_headers(properties: &Properties) -> &str {
    match properties.header(CLIENT) {
        Some(HeaderValue::Text(text)) => name_in(text.as_bytes()),
        _ => "",
    }
}

/// Has the requests of a message that name no client be sent by the one that the message's headers name.
pub(super) fn fill_in(parts: &mut [Part], properties: &Properties) {
    let client = of_headers(properties);
    if client.is_empty() {
        return;
    }
    let client = Bytes::copy_from_slice(client.as_bytes());
    for part in parts.iter_mut().filter(|part| part.client.is_empty()) {
        part.client = client.clone();
    }
}

/// Client that all requests of a message have in common; empty if they differ.
pub(super) fn common(parts: &[Part]) -> Bytes {
    let mut clients = parts.iter().map(|part| &part.client);
    let first = clients.next().cloned().unwrap_or_default();
    match clients.all(|client| *client == first) {
        true => first,
        false => Bytes::new(),
    }
}

/// Client of a unit.
pub(super) fn of_unit(message: &Prepared, unit: usize) -> String {
    let of_part = match &message.content {
        Content::Events(parts) => event_at(parts, unit).map(|(part, _)| name_in(&part.client)),
        _ => None,
    };
    let client = of_part.unwrap_or_else(|| of_headers(&message.delivery.properties));
    client.to_owned()
}

/// Client of all units of a message; empty if they differ.
pub(super) fn of_whole(message: &Prepared) -> String {
    match &message.content {
        Content::Events(parts) => name_in(&common(parts)).to_owned(),
        _ => of_headers(&message.delivery.properties).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{CLIENT_FIELD, Envelope, EventType, Ids};
    use crate::protobuf::Shape;
    use crate::protobuf::writer::push_field;
    use crate::worker::split::split;
    use crate::worker::{ids, retry};

    static SHAPE: Shape = Shape {
        name: "test.Any",
        fields: &[],
        dense: &[],
        any_of: &[],
        retired: &[],
    };

    static ENVELOPE: Envelope = Envelope {
        message: "test.Events",
        header: 4,
        events: 5,
        batches: 1,
        request_shape: &SHAPE,
        header_shape: &SHAPE,
        event_shape: &SHAPE,
        id: 4,
        timestamp: 5,
        ids: Ids::Content { from_ms: None },
        types: &[EventType {
            number: 9,
            name: "One",
            shape: &SHAPE,
        }],
    };

    /// Requests of these clients, with so many events each.
    fn batch(requests: &[(&[u8], usize)]) -> Bytes {
        let mut out = Vec::new();
        for (client, events) in requests {
            let mut request = Vec::new();
            push_field(&mut request, 4, b"");
            for _ in 0..*events {
                push_field(&mut request, 5, &[0x4a, 0x00]);
            }
            // Wherever it stands.
            if !client.is_empty() {
                push_field(&mut request, CLIENT_FIELD, client);
            }
            push_field(&mut out, 1, &request);
        }
        out.into()
    }

    fn parts(body: &Bytes) -> Vec<Part> {
        split(&ENVELOPE, body, true).unwrap_or_default()
    }

    fn names(parts: &[Part]) -> Vec<&str> {
        parts.iter().map(|part| name_in(&part.client)).collect()
    }

    fn headed(client: &str) -> Properties {
        let mut properties = Properties::default();
        properties.set_header(CLIENT, HeaderValue::Text(client.to_owned()));
        properties
    }

    #[test]
    fn each_request_has_its_own_and_the_others_that_of_the_message() {
        let body = batch(&[(b"one", 1), (b"", 1), (b"No Name", 1), (b"\xff", 1)]);
        let mut found = parts(&body);
        assert_eq!(names(&found), ["one", "", "", ""]);
        fill_in(&mut found, &headed("No Name"));
        assert_eq!(names(&found), ["one", "", "", ""]);
        fill_in(&mut found, &headed("two"));
        assert_eq!(names(&found), ["one", "two", "two", "two"]);
        assert_eq!(common(&found), "");
        assert_eq!(common(&found[1..]), "two");
        assert_eq!(common(&[]), "");
    }

    #[test]
    fn copies_of_what_is_undecided_keep_the_client_of_each_request() {
        let body = batch(&[(b"one", 2), (b"", 1), (b"two", 2)]);
        let parts_of_all = parts(&body);
        for (undecided, expected) in [
            (&[1, 4][..], &["one", "two"][..]),
            (&[2, 3], &["", "two"]),
            (&[0, 1, 2], &["one", ""]),
        ] {
            let copy = retry::batch(&ENVELOPE, &parts_of_all, undecided, &body);
            assert_eq!(names(&parts(&copy)), expected, "{undecided:?}");
        }
        // What came without a field, of a client that the message's headers name.
        let mut given = parts_of_all;
        fill_in(&mut given, &headed("three"));
        let copy = retry::batch(&ENVELOPE, &given, &[0, 2], &body);
        assert_eq!(names(&parts(&copy)), ["one", "three"]);
    }

    #[test]
    fn events_that_get_ids_keep_their_client() {
        let body = batch(&[(b"one", 2), (b"", 1)]);
        let with_ids = Bytes::from(ids::with_ids(&ENVELOPE, &parts(&body), &body, true, 0));
        assert!(with_ids.len() > body.len());
        assert_eq!(names(&parts(&with_ids)), ["one", ""]);
    }
}
