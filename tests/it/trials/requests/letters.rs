//! Events that are refused or unknown: few letters, whatever their number.

use event_grpc::ingest::Limits;
use event_grpc::ingest::response::RejectCode;
use prost::Message;
use tonic::Code;

use super::{KNOWN, ROOMY, event, letters, says, send, with_header};
use crate::ingest::server::Server;
use crate::scan::fixture::EventBatch;
use crate::scan::soup::delimited;

#[tokio::test(flavor = "multi_thread")]
async fn unknown_events_of_a_type_are_one_letter_under_one_header() {
    let mut body = with_header(2_000);
    for _ in 0..13_000 {
        delimited(&mut body, 5, &event("", 99));
    }
    let len = body.len();
    let (server, answer) = send(body).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status.as_str(), answer.accepted), ("SUCCESS", 0));
    assert_eq!(
        (answer.rejected.len(), answer.rejected_count),
        (1_000, 13_000)
    );
    assert!(answer.message.contains("12997 more"), "{}", answer.message);
    assert!(answer.rejected.iter().all(|event| !event.retryable));
    assert_eq!(
        letters(&server),
        [("unknown_type".into(), "99".into(), 13_000)]
    );
    let seen = server.seen.lock().unwrap();
    let body = &seen[0].delivery.body;
    // The header once, and an id for each event, with which a later build will replay it.
    assert!(body.len() < len + 13_000 * 50, "{}", body.len());
    let batch = EventBatch::decode(body.clone()).unwrap();
    assert!(
        batch.batches[0]
            .events
            .iter()
            .all(|event| event.id.len() == 36)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_unknown_events_are_divided_where_they_are_large() {
    let mut body = with_header(10);
    let mut unknown = Vec::new();
    delimited(&mut unknown, 99, &[0; 300_000]);
    for _ in 0..8 {
        delimited(&mut body, 5, &unknown);
    }
    let (server, answer) = send(body).await;
    assert_eq!(answer.unwrap().rejected_count, 8);
    let mut counts: Vec<usize> = letters(&server).iter().map(|letter| letter.2).collect();
    counts.sort();
    assert_eq!(counts, [2, 3, 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_many_unknown_types_is_kept_in_part() {
    let of = |count: u32| {
        let mut body = with_header(60_000);
        for number in 0..count {
            delimited(&mut body, 5, &event("i", 100 + number));
        }
        body
    };
    let (server, answer) = send(of(100)).await;
    let answer = answer.unwrap();
    assert_eq!(answer.rejected_count, 100);
    let again = answer.rejected.iter().filter(|event| event.retryable);
    // The sender is told which to send again.
    let again: Vec<i32> = again.map(|event| event.index).collect();
    assert_eq!(again, (16..100).collect::<Vec<i32>>());
    assert_eq!(letters(&server).len(), 16);
    assert!(
        answer
            .rejected
            .iter()
            .all(|event| event.code() == RejectCode::UnknownType)
    );
    // If more are retryable than can be listed, it could only repeat all, for ever: it is told what would be accepted.
    let mut body = of(1_100);
    delimited(&mut body, 5, &event("good", KNOWN));
    let status = server.call(body).await.unwrap_err();
    says(
        &status,
        Code::InvalidArgument,
        &["1084 events", "send at most 16 unknown types at once"],
    );
    assert_eq!(letters(&server).len(), 32);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_events_are_ten_letters_at_most() {
    let mut body = with_header(60_000);
    for _ in 0..1_500 {
        delimited(&mut body, 5, b"");
    }
    let (server, answer) = send(body).await;
    says(
        &answer.unwrap_err(),
        Code::InvalidArgument,
        &["event 0: it has no type", "1497 more"],
    );
    assert_eq!(
        letters(&server),
        vec![("no_type".into(), String::new(), 1); 10]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_events_beyond_the_rate_are_to_be_sent_again() {
    let server = Server::start(Limits::embedded(), ROOMY).await;
    let mut unknown = Vec::new();
    delimited(&mut unknown, 99, &vec![0; 4_000_000]);
    let mut body = with_header(10);
    delimited(&mut body, 5, &unknown);
    // 16 MiB are kept at once, and 4 MiB a second.
    let mut kept = 0;
    for _ in 0..20 {
        let refused = loop {
            match server.call(body.clone()).await {
                Ok(answer) => assert!(!answer.rejected[0].retryable),
                Err(status) => break status,
            }
            kept += 1;
            assert!(kept < 50, "there is no end");
        };
        assert!(kept >= 4, "{kept}");
        says(
            &refused,
            Code::ResourceExhausted,
            &["(1 of them)", "repeat the whole request"],
        );
        assert!(!refused.details().is_empty(), "it says when");
        assert_eq!(letters(&server).len(), kept);
        // The other events are accepted.
        let mut both = with_header(10);
        delimited(&mut both, 5, &event("a", 99));
        delimited(&mut both, 5, &event("b", KNOWN));
        let answer = server.call(both).await.unwrap();
        assert_eq!((answer.accepted, answer.rejected.len()), (1, 1));
        if answer.rejected[0].retryable {
            return;
        }
        // There was room again, in the meantime.
        kept += 1;
    }
    panic!("the small one is kept each time");
}
