//! Fuzz target: requests of webhooks, from their bytes to rows. What the worker makes of the message is the oracle of
//! its dry run.
#![allow(clippy::panic, reason = "a fuzz target reports by panicking")]

use std::cell::RefCell;

use crate::broker::{Ack, Bound, Delivery, Topology};
use crate::contract::Input;
use crate::generated::PIPELINE;
use crate::ingest::fuzz::Webhooks;
use crate::worker::Trial;

/// What the runs share.
struct State {
    topology: Topology,
    webhooks: Webhooks,
    trial: Trial,
}

/// Judges a request, and has the queues that get its message try it.
///
/// # Panics
///
/// If the sender is told something else than becomes of the message, or anything panics on the way.
pub(super) fn request(bytes: &[u8]) {
    thread_local! {
        static STATE: RefCell<State> = {
            let topology = Topology::of(&PIPELINE, |_| true);
            RefCell::new(State {
                webhooks: Webhooks::new(&PIPELINE, &topology),
                topology,
                trial: Trial::new(&PIPELINE),
            })
        };
    }
    STATE.with_borrow_mut(|state| tried(state, bytes));
}

fn tried(state: &mut State, bytes: &[u8]) {
    let Some(judged) = state.webhooks.run(bytes) else {
        return;
    };
    let message = &judged.message;
    let bound = Bound::to(&state.topology, &message.exchange);
    let reached: Vec<&str> = bound.reached(&message.routing_key).collect();
    if judged.wrong.is_none() {
        assert_eq!(judged.reached, reached.len(), "queues that get it");
    }
    for name in reached {
        let queues = &mut PIPELINE.queues.iter();
        let Some(queue) = queues.find(|queue| queue.name == name) else {
            panic!("a binding of no queue: {name}");
        };
        if !matches!(queue.input, Input::Json(_)) {
            continue;
        }
        let delivery = Delivery {
            body: message.body.clone(),
            exchange: message.exchange.clone(),
            routing_key: message.routing_key.clone(),
            redelivered: false,
            properties: message.properties.clone(),
            place: None,
            ack: Ack::of_nobody(),
        };
        let (count, failed) = state.trial.run(queue, delivery);
        let panicked = failed.iter().find(|bad| bad.class == "panic");
        assert_eq!(panicked, None, "{name}");
        if judged.wrong.is_none() {
            let told = judged.bad.iter().find(|(queue, _)| *queue == name);
            let told: Vec<&str> = told.iter().map(|(_, reason)| reason.as_str()).collect();
            let reasons: Vec<&str> = failed.iter().map(|bad| bad.reason.as_str()).collect();
            assert_eq!((told, 1), (reasons, count), "{name}");
        }
    }
}
