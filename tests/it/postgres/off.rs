//! Without PostgreSQL its queues are off, and the rest works.

use serde_json::json;

use super::support::{message, with_instances};
use crate::app::support::{eventually, instance};

#[tokio::test(flavor = "multi_thread")]
async fn queues_without_their_database_are_off_and_say_so() {
    instance("off", async |app, store| {
        let (ready, report) = app.readiness().await;
        assert!(ready, "{report}");
        let why = "no --postgres-url (EVENT_GRPC_POSTGRES_URL) is given";
        for queue in ["create_user_account_q", "event.account_profile_complete", "launch_referral_q"] {
            assert_eq!(report["queues"][queue], json!({ "off": why }), "{report}");
        }
        assert!(report["tables"].get("user_account").is_none(), "{report}");
        // A message that another queue accepts as well is stored all the same.
        let launch = json!({
            "eventId": "l", "headers": {}, "clientIp": "", "userAgent": "", "timestamp": 1_760_000_000, "deviceId": "d",
            "bbDeviceId": "b", "clientId": "app", "referralIdentifier": "r", "dynamicLink": "",
        });
        let launch = message("launch_referral_q", &launch, &[]);
        app.broker().publish(launch).await.unwrap();
        eventually(store, "SELECT count() FROM DB.launch_refer_event", 1).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_of_both_databases_are_reported() {
    with_instances("on", 1, async |instances, _, database| {
        let mut report = json!({});
        for _ in 0..100 {
            report = instances[0].readiness().await.1;
            if report["tables"]["user_account"] == "fits" && report["tables"]["event"] == "fits" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(report["tables"]["user_account"], "fits", "{report}");
        assert_eq!(report["queues"], json!({}));
        let client = database.client().await;
        client
            .batch_execute("DROP TABLE user_account")
            .await
            .unwrap();
        for _ in 0..100 {
            report = instances[0].readiness().await.1;
            if report["tables"]["user_account"] != "fits" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(
            report["tables"]["user_account"],
            json!({"trouble": "does not exist"})
        );
    })
    .await;
}
