//! Letters that go nowhere, and letters of messages that no queue took.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use event_grpc::broker::{HeaderValue, Outgoing, Properties};
use event_grpc::generated::PIPELINE;
use event_grpc::generated::proto::event::Events;
use event_grpc::ops::replay::{Outcome, Replayer, Target, outgoing};
use event_grpc::sink::clickhouse::ClickHouse;
use event_grpc::sink::clickhouse::decisions::Action;
use event_grpc::sink::clickhouse::letters::Selection;
use prost::Message as _;
use tokio_util::sync::CancellationToken;

use super::{dlq, letters};
use crate::app::support::{Instance, eventually, instance};
use crate::app::{cart, header};
use crate::clickhouse::support::{number, run_there};

fn replayer(app: &Instance, store: &ClickHouse, rate: Option<u32>) -> Replayer {
    Replayer {
        letters: letters(store),
        pipeline: &PIPELINE,
        broker: app.shared_broker(),
        rate: rate.and_then(NonZeroU32::new),
        stop: CancellationToken::new(),
    }
}

/// Sends all undecided letters again; how many were sent, and why the others stay.
async fn replay(replayer: &Replayer) -> (u64, Vec<String>) {
    let keys = replayer.letters.keys(&Selection::default()).await.unwrap();
    let mut reasons = Vec::new();
    let told = |_: &_, outcome: &_| {
        if let Outcome::Refused(reason) = outcome {
            reasons.push(reason.clone());
        }
    };
    let totals = replayer.replay(&keys, told).await.unwrap();
    assert_eq!(totals.refused, reasons.len() as u64);
    reasons.sort();
    (totals.sent, reasons)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_go_nowhere_stays_and_says_why() {
    instance("dlq_nowhere", async |app, store| {
        let unbound = Outgoing::new("beat.dx", "no_such_events", "x").with(Properties {
            message_id: Some("lost".to_owned()),
            timestamp: Some(1_760_000_000),
            headers: vec![("a".into(), HeaderValue::Integer(7))],
            ..Properties::default()
        });
        app.broker().publish(unbound).await.unwrap();
        // Of an unknown type (200), and without any.
        let mut bytes = Events { header: header(), events: vec![cart("good", "")] }.encode_to_vec();
        bytes.extend([0x2a, 0x03, 0xc2, 0x0c, 0x00, 0x2a, 0x00]);
        app.dispatch_bytes(bytes).await.unwrap();
        let gone = "INSERT INTO error_event (error_id, queue, body, headers, first_failed, last_failed) \
                    VALUES ('gone', 'no_such_q', '{}', '{}', now64(3), now64(3))";
        run_there(store, gone).await;
        eventually(store, "SELECT count() FROM DB.error_event FINAL", 4).await;
        let (sent, reasons) = replay(&replayer(app, store, None)).await;
        assert_eq!((sent, reasons.len()), (0, 4), "{reasons:?}");
        for (reason, part) in reasons.iter().zip([
            "refuse it again: it has no type",
            "refuse it again: this server knows no event type 200",
            "no queue is bound to exchange beat.dx with routing key no_such_events yet",
            "no queue or source no_such_q",
        ]) {
            assert!(reason.contains(part), "{reason}");
        }
        let plan = dlq(store, &["replay", "--dry-run", "--id", "lost"]).await;
        assert!(plan.out.contains("lost stays: no queue is bound"), "{}", plan.out);
        // An undecided dead letter stays undecided.
        let replayer = replayer(app, store, None);
        assert_eq!(replay(&replayer).await.1.len(), 4);
        // One that no queue takes again has failed again, and what was decided before is about before.
        let lost = replayer.letters.by_id("lost").await.unwrap().remove(0);
        replayer.letters.open_book().await.unwrap();
        replayer.letters.decide(Action::Replayed, &[lost.key()]).await.unwrap();
        assert_eq!(replay(&replayer).await.1.len(), 3);
        let target = Target::Exchange { exchange: "beat.dx", routing_key: "no_such_events".to_owned() };
        app.broker().publish(outgoing(&lost.dead_letter(&lost.body()), &target)).await.unwrap();
        let again = "SELECT count() FROM DB.error_event FINAL WHERE error_id = 'lost' AND message_id = 'lost' \
                     AND last_failed > first_failed AND toUnixTimestamp(sent) = 1760000000 AND headers = '{\"a\":7}'";
        eventually(store, again, 1).await;
        assert_eq!(replay(&replayer).await.1.len(), 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_keeps_to_its_rate_and_to_what_was_decided() {
    instance("dlq_rate", async |app, store| {
        run_there(
            store,
            "ALTER TABLE event ADD CONSTRAINT c CHECK NOT startsWith(event_id, 'poison')",
        )
        .await;
        let events = (0..20)
            .map(|n| cart(&format!("poison-{n}"), "1760000000000"))
            .collect();
        app.dispatch(Events {
            header: header(),
            events,
        })
        .await
        .unwrap();
        eventually(store, "SELECT count() FROM DB.error_event FINAL", 20).await;
        run_there(store, "ALTER TABLE event DROP CONSTRAINT c").await;
        let replayer = replayer(app, store, Some(20));
        replayer.letters.open_book().await.unwrap();
        let keys = replayer.letters.keys(&Selection::default()).await.unwrap();
        replayer
            .letters
            .decide(Action::Discarded, &keys[..5])
            .await
            .unwrap();
        // Also those of whom a key is still held.
        let began = Instant::now();
        let totals = replayer.replay(&keys, |_, _| {}).await.unwrap();
        assert_eq!((totals.sent, totals.refused), (15, 0));
        assert!(
            began.elapsed() >= Duration::from_millis(600),
            "{:?}",
            began.elapsed()
        );
        eventually(store, "SELECT count() FROM DB.event FINAL", 15).await;
        let decided = "SELECT countIf(action = 'replayed') * 100 + countIf(action = 'discarded') \
                       FROM DB.dead_letter_decisions FINAL";
        assert_eq!(number(store, decided).await, 1505);
    })
    .await;
}
