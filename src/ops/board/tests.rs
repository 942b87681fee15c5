//! Tests of the board.
#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;

fn page(started: u64, received: u64, slow: u64, held: u64) -> Page {
    let text = format!(
        "# HELP x y\n\
         process_start_time_seconds {started}\n\
         event_grpc_events_received_total{{source=\"app\",type=\"Cart\"}} {received}\n\
         event_grpc_requests_total{{source=\"app\",outcome=\"accepted\"}} {received}\n\
         event_grpc_requests_total{{source=\"app\",outcome=\"invalid\"}} {slow}\n\
         event_grpc_queue_messages{{queue=\"q\",state=\"held\"}} {held}\n\
         event_grpc_queue_ready_messages{{queue=\"q\"}} 12\n\
         event_grpc_queue_oldest_seconds{{queue=\"q\"}} {held}\n\
         event_grpc_flush_seconds_bucket{{table=\"t\",le=\"0.01\"}} {received}\n\
         event_grpc_flush_seconds_bucket{{table=\"t\",le=\"0.5\"}} {all}\n\
         event_grpc_flush_seconds_bucket{{table=\"t\",le=\"+Inf\"}} {all}\n",
        all = received + slow
    );
    Page::read(&text).unwrap()
}

#[test]
fn rates_are_those_between_two_readings_of_all_instances() {
    let first = (page(1, 100, 0, 5), page(2, 7, 0, 0));
    std::thread::sleep(std::time::Duration::from_millis(20));
    // The second instance has started again: it counts from zero.
    let second = (page(1, 180, 20, 3), page(3, 10, 0, 4));
    let board = Board::between(&[(first.0, second.0), (first.1, second.1)]);
    let app = &board.sources["app"];
    let share = app.refused / app.requests;
    assert!((share - 20.0 / 110.0).abs() < 0.05, "{board:?}");
    assert!(app.received > 80.0, "{board:?}");
    assert!((board.queues["q"].held - 7.0).abs() < 0.1, "{board:?}");
    // RabbitMQ tells each instance the same.
    assert!((board.queues["q"].ready - 12.0).abs() < 0.1, "{board:?}");
    // The oldest message is the oldest of any instance.
    assert_eq!(board.queues["q"].oldest_seconds, 4.0);
    assert_eq!(board.tables["t"].flush_p99_ms, Some(500.0));
    assert_eq!(board.publish_p99_ms, None);
    assert!(Page::read("nothing of this server").is_none());
}

#[test]
fn problems_are_what_is_out_of_order() {
    let report = json!({
        "ready": false,
        "degraded": [
            { "code": "broker_down", "subject": "", "what": "refused" },
            { "code": "table_paused", "subject": "event", "what": "it is gone" },
        ],
    });
    assert_eq!(
        problems(&report),
        [
            "the instance is not ready",
            "broker_down: refused",
            "table_paused event: it is gone",
        ]
    );
    assert_eq!(problems(&json!({ "ready": true, "degraded": [] })), [""; 0]);
}
