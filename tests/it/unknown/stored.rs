//! A field that this build doesn't know doesn't stop its event: the row is there, and the field in a column of its own.

use event_grpc::broker::{Outgoing, Properties};
use event_grpc::generated::proto::event::Events;
use http::Method;
use prost::Message as _;
use serde_json::json;

use super::{carrier, delimited, varint};
use crate::app::support::{eventually, instance, text};
use crate::app::{cart, header};
use crate::clickhouse::support::number;
use crate::http::request;

/// AddToCartEvent
const CART: u32 = 23;

/// A request of one cart event with more fields: in the header, the event and the payload.
fn spoilt(id: &str, of_header: &[u8], of_event: &[u8], of_payload: &[u8]) -> Vec<u8> {
    let mut header = header().unwrap_or_default().encode_to_vec();
    header.extend_from_slice(of_header);
    let mut event = cart(id, "1760000000123").encode_to_vec();
    // A part of the payload by itself, merged with it as protobuf says.
    event.extend(delimited(CART, of_payload));
    event.extend_from_slice(of_event);
    [delimited(4, &header), delimited(5, &event)].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_is_kept_beside_what_is_known() {
    instance("unknown_stored", async |app, store| {
        let field = varint(999, 1);
        let plain = Events { header: header(), events: vec![cart("plain", "1760000000123")] };
        app.dispatch(plain).await.unwrap();
        for (id, header, event, payload) in [
            ("payload", &[][..], &[][..], &field[..]),
            ("event", &[], &field, &[]),
            ("header", &field, &[], &[]),
        ] {
            let answer = app.dispatch_bytes(spoilt(id, header, event, payload)).await.unwrap();
            assert_eq!((answer.accepted, answer.rejected_count), (1, 0), "{answer:?}");
        }
        for (id, expected) in [
            ("plain", ""),
            ("payload", r##"{"/event/addToCartEvent/#999":"uD4B"}"##),
            ("event", r##"{"/event/#999":"uD4B"}"##),
            ("header", r##"{"/header/#999":"uD4B"}"##),
        ] {
            let sql = format!("SELECT unknown_fields FROM DB.event FINAL WHERE event_id = '{id}' AND event_params.productId = 42 AND user_id = 7");
            assert_eq!(text(store, &sql).await, expected, "{id}");
        }
        let metrics = request(Method::GET, &app.ops_url("/metrics"), &[], "").await.text;
        let counted = r##"event_grpc_unknown_fields_total{type="addToCartEvent",field="/event/addToCartEvent/#999"}"##;
        assert!(metrics.contains(counted), "{metrics}");
        assert_eq!(number(store, "SELECT count() FROM DB.error_event").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_json_travel_beside_the_event_and_are_never_its_type() {
    instance("unknown_members", async |app, store| {
        let of_event = carrier(r#"{"/event/addToCartEvent/colour":"red","/event/size":1.50}"#);
        let of_header = carrier(r#"{"/header/tenant":7}"#);
        app.dispatch_bytes(spoilt("members", &of_header, &of_event, &[])).await.unwrap();
        let kept = "SELECT unknown_fields FROM DB.event FINAL WHERE event_id = 'members'";
        assert_eq!(
            text(store, kept).await,
            r#"{"/event/addToCartEvent/colour":"red","/event/size":1.50,"/header/tenant":7}"#
        );
        // By AMQP, and what is no such object is any other field.
        let bytes = spoilt("other", &[], &carrier("[1]"), &[]);
        app.broker().publish(Outgoing::new("grpc_event.tx", "AddToCartEvent", bytes)).await.unwrap();
        let kept = "SELECT count() FROM DB.event FINAL WHERE event_id = 'other' AND startsWith(unknown_fields, '{\"/event/#536870911\":\"')";
        eventually(store, kept, 1).await;
        // An event of nothing else has no type, rather than one that a later build may know.
        let event = [cart("none", "1760000000123"), Default::default()][1].encode_to_vec();
        let event = [event, carrier(r#"{"/event/colour":1}"#)].concat();
        let bytes = [delimited(4, &[]), delimited(5, &event)].concat();
        let refused = app.dispatch_bytes(bytes.clone()).await;
        assert!(format!("{refused:?}").contains("no type") || format!("{refused:?}").contains("NoType"), "{refused:?}");
        app.broker().publish(Outgoing::new("grpc_event.tx", "x", bytes)).await.unwrap();
        eventually(store, "SELECT count() FROM DB.error_event FINAL WHERE class = 'no_type' AND queue = 'grpc_clickhouse_event_q'", 1).await;
        assert_eq!(number(store, "SELECT count() FROM DB.error_event WHERE class = 'unknown_type'").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn much_of_it_is_cut_and_the_row_is_stored() {
    instance("unknown_cut", async |app, store| {
        let many = |count| (0..count).flat_map(|n| delimited(1000 + n, &[b'x'; 2000])).collect::<Vec<u8>>();
        app.dispatch_bytes(spoilt("much", &many(30), &[], &many(200))).await.unwrap();
        let kept = "SELECT count() FROM DB.event FINAL WHERE event_id = 'much' AND length(unknown_fields) BETWEEN 100000 AND 131072 \
                    AND JSONExtractUInt(unknown_fields, '…cut') > 170 AND isValidJSON(unknown_fields)";
        assert_eq!(number(store, kept).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undeclared_members_of_other_services_are_kept() {
    instance("unknown_body", async |app, store| {
        let click = |id: &str, more: serde_json::Value| {
            let mut body = json!({
                "eventId": id, "headers": {}, "clientIp": "", "userAgent": "", "url": "https://a.example/",
                "deepLink": "", "timestamp": 1_760_000_000,
            });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let properties = Properties { content_type: Some("application/json".into()), ..Properties::default() };
            Outgoing::new("grpc_event.dx", "CLICK", body.to_string()).with(properties)
        };
        app.broker().publish(click("plain", json!({}))).await.unwrap();
        app.broker().publish(click("more", json!({"campaign": {"a": [1.5]}}))).await.unwrap();
        eventually(store, "SELECT count() FROM DB.click_event FINAL", 2).await;
        let of = |id: &str| format!("SELECT unknown_fields FROM DB.click_event FINAL WHERE event_id = '{id}'");
        assert_eq!(text(store, &of("plain")).await, "");
        assert_eq!(text(store, &of("more")).await, r#"{"/body/campaign":{"a":[1.5]}}"#);
    })
    .await;
}
