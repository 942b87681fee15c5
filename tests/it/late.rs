//! What is still sent of retired event types and fields: accepted and not stored, or kept as before.

mod events;
mod fields;

use event_grpc::contract::{Pipeline, Retired, RetiredEvent};
use http::Method;

use crate::app::support::Instance;
use crate::dlq::old;
use crate::http::request;

/// The number of AddToCartEvent.
const CART: u32 = 23;

/// The pipeline of a build in which AddToCartEvent is retired, and its events are discarded.
fn without_carts() -> &'static Pipeline {
    static RETIRED: Retired = Retired {
        events: &[RetiredEvent {
            number: CART,
            name: "AddToCartEvent",
        }],
        event_names: &[("addToCartEvent", CART)],
        ..Retired::NONE
    };
    Box::leak(Box::new(Pipeline {
        retired: RETIRED,
        ..*old::without(CART)
    }))
}

/// The value of a metric with these labels; 0 if there is none. Tests of one process share it.
async fn counted(app: &Instance, of: &str) -> u64 {
    let metrics = request(Method::GET, &app.ops_url("/metrics"), &[], "")
        .await
        .text;
    let mut lines = metrics.lines();
    let value = lines.find_map(|line| line.strip_prefix(of));
    value.map_or(0, |value| value.trim().parse().unwrap())
}
