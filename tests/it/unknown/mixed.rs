//! What is filled in is what intake would have made of it, and nothing that a row has is put out for it.

use event_grpc::contract::json::{Map, members};
use event_grpc::contract::{Append, Block, Context, Message};
use event_grpc::generated::PIPELINE;
use event_grpc::proto_json::{Found, Most, ProtoJson};
use event_grpc::sink::clickhouse::migrate;
use serde_json::{Value, json};

use super::filled::{NOW_MS, lacking, put, rows, run};
use crate::app::support::text;
use crate::clickhouse::support::{in_database, run_there};
use crate::transform::envelope;

const MOST: Most = Most { events: 1, told: 1 };

/// The number of WidgetViewEvent.
const WIDGET: u32 = 13;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_filled_in_is_read_as_intake_reads_it() {
    in_database("refill_read", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let table = crate::transform::table("event");
        let reader = ProtoJson::new(envelope());
        let event = |id: &str, more: &str, payload: &str| {
            let text = format!(
                r#"{{"header":{{}},"events":[{{"id":"{id}","timestamp":"1760000000123"{more},"widgetViewEvent":{{"title":"t"{payload}}}}}]}}"#
            );
            let request = reader.read(text.as_bytes(), MOST).unwrap();
            match &request.events[0].found {
                Found::Known(WIDGET, place) => request.wire[place.clone()].to_vec(),
                other => panic!("{other:?}"),
            }
        };
        // Spelled as no parser of proto3 JSON takes it, but our intake does.
        let spelled = [
            ("elementCount", r#""42.0""#),
            ("label", "1760000000000"),
            ("subTitle", r#""\ud83d""#),
            ("hasCTA", "true"),
            ("recoInfo", r#"{"model":7,"hex":[1]}"#),
            ("recoInfoKV", r#"{"b":"2","a":1}"#),
            ("pageNo", "null"),
        ];
        let payload: String = spelled.iter().map(|(name, value)| format!(r#","{name}":{value}"#)).collect();
        let more = r#","currentURL":5"#;
        put(&store, table, WIDGET, &[], &[event("whole", more, &payload), event("lacks", "", ""), event("wrong", "", "")]).await;
        let pointers = spelled.iter().map(|(name, value)| format!(r#""/event/widgetViewEvent/{name}":{value}"#));
        let pointers: Vec<String> = pointers.chain([r#""/event/currentURL":5"#.to_owned()]).collect();
        let unknown: Value = serde_json::from_str(&format!("{{{}}}", pointers.join(",").replace("\\ud83d", "\u{fffd}"))).unwrap();
        lacking(&store, "event", "lacks", &unknown).await;
        // One of them is no number: it stays, and the other is filled in.
        let half = json!({"/event/widgetViewEvent/elementCount": "many", "/event/widgetViewEvent/pageNo": 3});
        lacking(&store, "event", "wrong", &half).await;

        let plans = run(&store, &PIPELINE, true).await;
        let plan = &plans["event"];
        assert_eq!(plan.rows, 2, "{plan:?}");
        let left = format!("{:?}", plan.left);
        assert!(left.contains("/event/widgetViewEvent/elementCount: ") && left.contains("whole number"), "{left}");
        let now = rows(&store, "event").await;
        for column in ["event_params", "unknown_fields"] {
            assert_eq!(now["lacks"][column], now["whole"][column], "{column}");
        }
        assert_eq!(now["whole"]["unknown_fields"], r#"{"/event/widgetViewEvent/recoInfo/hex":[1]}"#);
        assert_eq!(now["wrong"]["event_params"]["pageNo"], 3);
        assert_eq!(now["wrong"]["unknown_fields"], r#"{"/event/widgetViewEvent/elementCount":"many"}"#);
        assert_eq!(run(&store, &PIPELINE, true).await["event"].rows, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_type_keeps_it_when_a_later_one_is_known() {
    in_database("refill_types", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let table = crate::transform::table("event");
        let event = crate::app::cart("e", "1760000000000");
        put(
            &store,
            table,
            23,
            &[],
            &[prost::Message::encode_to_vec(&event)],
        )
        .await;
        // An object beside its type, of a name that is a type by now.
        let unknown = json!({"/event/widgetViewEvent": {"title": "t"}});
        lacking(&store, "event", "e", &unknown).await;
        let before = rows(&store, "event").await;
        let plans = run(&store, &PIPELINE, true).await;
        assert_eq!(plans["event"].rows, 0, "{plans:?}");
        let left = format!("{:?}", plans["event"].left);
        assert!(
            left.contains("the row has addToCartEvent in its place"),
            "{left}"
        );
        assert_eq!(rows(&store, "event").await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_of_several_fields_is_not_put_out_by_one_of_them() {
    in_database("refill_several", async |store| {
        migrate::apply(&store, &PIPELINE).await.unwrap();
        let table = crate::transform::table("ab_assignment");
        let Append::Json(append) = table.append else {
            panic!("{} takes no JSON", table.name)
        };
        let mut block = Block::new(table);
        for (id, assignments) in [("full", json!({"search": "b"})), ("empty", json!({}))] {
            let body = json!({
                "timestamp": 1_760_000_000, "newUser": true, "ver": 3, "checksum": "c", "assignments": assignments,
            });
            let message = Message {
                body: &members(body.as_object().unwrap().clone()),
                id,
                received_ms: 0,
                headers: &Map::new(),
                client: "",
            };
            append(&mut block, &message, &Context { now_ms: NOW_MS }).unwrap();
        }
        store.store_block(table, 2, block.encode(), "t").await.unwrap();
        // The column `assignments` has the version in it.
        run_there(
            &store,
            "INSERT INTO ab_assignment SELECT * REPLACE ('{\"/body/version\":\"2.0\"}' AS unknown_fields, \
             addMilliseconds(insert_timestamp, 1) AS insert_timestamp) FROM ab_assignment FINAL",
        )
        .await;
        for apply in [false, true] {
            let plans = run(&store, &PIPELINE, apply).await;
            assert_eq!(plans["ab_assignment"].rows, 1, "{plans:?}");
            let left = format!("{:?}", plans["ab_assignment"].left);
            assert!(left.contains("another value already\": 1"), "{left}");
        }
        let told = "SELECT arrayStringConcat(arraySort(groupArray(concat(id, ' ', ifNull(toString(version), ''), ' ', toString(assignments), ' ', unknown_fields))), ', ') \
                    FROM DB.ab_assignment FINAL";
        assert_eq!(
            text(&store, told).await,
            r#"empty 2.0 {"app_version":"2.0"} , full  {"search":"b"} {"/body/version":"2.0"}"#
        );
    })
    .await;
}
