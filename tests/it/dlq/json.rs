//! Letters of events that came as JSON and could not be read: a build that can read them stores them when they are
//! replayed, whichever door they came through.

use event_grpc::broker::{Outgoing, Properties};
use event_grpc::contract::Kind;
use event_grpc::generated::PIPELINE;
use event_grpc::ops::replay::{Outcome, Replayer};
use event_grpc::sink::clickhouse::letters::Selection;
use event_grpc::sink::clickhouse::migrate;
use http::Method;
use tokio_util::sync::CancellationToken;

use super::{letters, old};
use crate::app::support::{config, eventually, started, started_of, text};
use crate::clickhouse::support::{in_database, number};
use crate::http::request;

/// The number of AddToCartEvent.
const CART: u32 = 23;

/// A request with an event that the older build can't read, one that nobody can, and a good one.
fn body(door: &str) -> String {
    format!(
        r#"{{"header": {{"userId": 7}}, "events": [
            {{"id": "{door}-text", "timestamp": 1760000000000, "addToCartEvent": {{"productId": 42, "cartId": "c-1"}}}},
            {{"id": "{door}-bad", "timestamp": 1760000000000, "addToCartEvent": {{"productId": "many", "cartId": 1}}}},
            {{"id": "{door}-good", "timestamp": 1760000000000, "launchEvent": {{}}}}
        ]}}"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_build_could_not_read_of_json_is_stored_by_a_replay() {
    in_database("dlq_json", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let (app, seen) = started_of(config(&store), old::with_field(CART, "cartId", Kind::Int64)).await;
        let answer = request(Method::POST, &seen.url("/event/dispatch"), &[], body("http")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.text.contains("`addToCartEvent.cartId`: should be a whole number"), "{answer:?}");
        let properties = Properties {
            content_type: Some("application/json".into()),
            message_id: Some("m-1".into()),
            ..Properties::default()
        };
        let message = Outgoing::new("grpc_event.tx", "AddToCartEvent", body("amqp")).with(properties);
        seen.broker().publish(message).await.unwrap();
        eventually(&store, "SELECT uniqExact(error_id) FROM DB.error_event", 4).await;
        let classes = "SELECT arrayStringConcat(arraySort(groupUniqArray(concat(class, ' ', content_type))), ', ') FROM DB.error_event FINAL";
        assert_eq!(text(&store, classes).await, "bad_field application/json");
        drop(seen);
        app.stop().await;

        let (app, seen) = started(config(&store)).await;
        let replayer = Replayer {
            letters: letters(&store),
            pipeline: &PIPELINE,
            broker: seen.shared_broker(),
            rate: None,
            stop: CancellationToken::new(),
        };
        let keys = replayer.letters.keys(&Selection::default()).await.unwrap();
        let mut stay = Vec::new();
        let told = |_: &_, outcome: &_| {
            if let Outcome::Refused(reason) = outcome {
                stay.push(reason.clone());
            }
        };
        let totals = replayer.replay(&keys, told).await.unwrap();
        // Of the two that nobody can read the one is seen to be bad before it is sent, the other one fails in its queue.
        assert_eq!((totals.sent, totals.refused), (3, 1), "{stay:?}");
        assert!(stay[0].contains("`addToCartEvent.productId`: should be a whole number"), "{stay:?}");
        let rows = "SELECT count() FROM DB.event FINAL WHERE event_params.cartId = 'c-1' AND event_params.productId = 42 \
                    AND user_id = 7 AND event_id IN ('http-text', 'amqp-text')";
        eventually(&store, rows, 2).await;
        let again = "SELECT count() FROM DB.error_event FINAL WHERE queue != 'app' AND body LIKE '%amqp-bad%' AND attempts = 2";
        eventually(&store, again, 1).await;
        assert_eq!(number(&store, "SELECT count() FROM DB.event").await, 4);
        drop((seen, replayer));
        app.stop().await;
    })
    .await;
}
