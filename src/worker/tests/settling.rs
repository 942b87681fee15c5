//! Settlement of a build that panics while it settles, after everything else has succeeded.

use std::time::Duration;

use super::pipeline::{Settings, ids, pipeline, to_queue};
use super::{calm, simulate, store};
use crate::broker::testing::{Confirm, Simulated};
use crate::broker::{HeaderValue, Limits, Outgoing};
use crate::contract::{Schema, headers as h};
use crate::worker::start;

#[test]
fn what_can_not_be_settled_is_a_dead_letter_as_it_came_when_its_retries_are_used_up() {
    simulate(async {
        let pipeline = pipeline(Settings {
            workers: 1,
            prefetch: 10,
            retries: 2,
            rows: 10,
            delay_ms: 10,
        });
        let store = store::Simulated::new(1, Vec::new(), 0.0);
        let broker = Simulated::new(10, || Confirm::Yes, |_, _, _| {});
        // Whatever a dead letter of the one unit is made of, this build panics at it.
        broker.panic_at(|message| {
            let reason = message.properties.header(h::DEAD_REASON);
            matches!(reason, Some(HeaderValue::Text(reason)) if reason.contains("is bad"))
        });
        let setup = calm(pipeline, &broker, &store);
        let units = ["good-1", "bad-1", "good-2"].map(str::to_owned);
        let schema = Schema::parse("00c0ffee00c0ffee");
        let mut message = to_queue(&units);
        message.properties.schema = schema;
        broker.push(message);
        broker.push(to_queue(&["good-3".to_owned()]));
        let mut tasks = start(&setup, &[&pipeline.queues[0]]).unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(broker.left(), (0, 0), "it does not go round for ever");
        let seen = broker.seen();
        assert_eq!(seen.most_retries, 2);
        let [letter] = seen.dead.as_slice() else {
            panic!("one letter and not {:?}", seen.dead);
        };
        assert_eq!(ids(&letter.body), units, "as it came");
        assert_eq!(letter.properties.schema, schema, "through its retries");
        let header = |name: &str| letter.properties.header(name).cloned();
        assert_eq!(
            header(h::DEAD_CLASS),
            Some(HeaderValue::Text("panic".into()))
        );
        assert_eq!(header(h::DEAD_ATTEMPTS), Some(HeaderValue::Integer(3)));
        assert_eq!(
            header(h::DEAD_MESSAGE_ID),
            Some(HeaderValue::Text(units.join("+")))
        );
        assert_eq!(
            header(h::DEAD_EXCHANGE),
            Some(HeaderValue::Text(String::new()))
        );
        for unit in ["good-1", "good-2", "good-3"] {
            assert!(store.is_stored(unit), "{unit}");
        }
        setup.stop.cancel();
        while tasks.join_next().await.is_some() {}
    });
}

#[test]
fn what_is_too_large_to_go_back_is_a_dead_letter_and_does_not_go_round() {
    simulate(async {
        let pipeline = pipeline(Settings {
            workers: 1,
            prefetch: 10,
            retries: 2,
            rows: 10,
            delay_ms: 10,
        });
        let store = store::Simulated::new(1, Vec::new(), 0.0);
        let broker = Simulated::new(10, || Confirm::Yes, |_, _, _| {});
        let limits = Limits {
            properties: 114_000,
            body: 1000,
        };
        broker.limit(limits);
        let setup = calm(pipeline, &broker, &store);
        let wide = |id: &str, size: usize| {
            let mut message = to_queue(&[id.to_owned()]);
            let text = HeaderValue::Text("h".repeat(size));
            message.properties.set_header("x-big", text);
            message
        };
        // Each panics, which costs a retry: one that is too large for it, and one that isn't.
        broker.push(wide("panic-wide", 130_900));
        broker.push(wide("panic-small", 1000));
        broker.push(wide("good-wide", 130_900));
        let mut tasks = start(&setup, &[&pipeline.queues[0]]).unwrap();
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert_eq!(broker.left(), (0, 0), "nothing goes round for ever");
        assert!(store.is_stored("good-wide"));
        let letter = |id: &str| -> Outgoing {
            let dead = broker.seen().dead;
            let mut found = dead.into_iter().filter(|letter| ids(&letter.body) == [id]);
            let letter = found.next().expect(id);
            assert!(found.next().is_none(), "{id} twice");
            letter
        };
        let text = |letter: &Outgoing, name: &str| match letter.properties.header(name) {
            Some(HeaderValue::Text(text)) => text.clone(),
            other => panic!("{name} is {other:?}"),
        };
        let wide = letter("panic-wide");
        assert_eq!(
            wide.properties.header(h::DEAD_ATTEMPTS),
            Some(&HeaderValue::Integer(1))
        );
        assert_eq!(text(&wide, h::CUT_HEADERS), "x-big");
        let reason = text(&wide, h::DEAD_REASON);
        assert!(reason.contains("can't go back to its queue"), "{reason}");
        assert!(reason.contains("at most 114000"), "{reason}");
        let small = letter("panic-small");
        assert_eq!(
            small.properties.header(h::DEAD_ATTEMPTS),
            Some(&HeaderValue::Integer(3))
        );
        assert_eq!(text(&small, "x-big").len(), 1000);
        setup.stop.cancel();
        while tasks.join_next().await.is_some() {}
    });
}
