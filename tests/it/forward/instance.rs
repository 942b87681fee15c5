//! A whole instance whose requests are off: it says so, and a message for them is kept.

use http::Method;
use serde_json::json;

use crate::app::support::{eventually, instance, text};
use crate::http::request;

#[tokio::test(flavor = "multi_thread")]
async fn requests_without_variables_are_off_and_their_messages_kept() {
    instance("requests", async |app, store| {
        let (ready, report) = app.readiness().await;
        assert!(ready, "{report}");
        assert_eq!(
            report["requests"]["webengage_events.USER"]["off"],
            json!([
                "WEBENGAGE_EVENTS_URL",
                "WEBENGAGE_KEY",
                "WEBENGAGE_BRAND_EVENTS_URL",
                "WEBENGAGE_BRAND_KEY"
            ]),
            "{report}"
        );
        let user = json!({"userId": "u-1", "attributes": {}}).to_string();
        let url = app.url("/webengage/event/users");
        let answer = request(Method::POST, &url, &[], user).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        assert!(answer.text.contains("no queue takes messages with the routing key USER_EVENT"));
        // Nothing of what stands behind the path.
        assert!(!answer.text.contains("webengage_event.dx"), "{}", answer.text);
        let events = json!({"userId": "u-1", "eventName": "Seen", "eventTime": "1760000000000", "eventData": {}});
        let url = app.url("/webengage/event/");
        let answer = request(Method::POST, &url, &[], events.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        eventually(store, "SELECT count() FROM DB.webengage_event", 1).await;
        eventually(store, "SELECT count() FROM DB.error_event", 1).await;
        let kept = text(store, "SELECT concat(class, ' ', routing_key) FROM DB.error_event").await;
        assert_eq!(kept, "unroutable USER_EVENT");
    })
    .await;
}
