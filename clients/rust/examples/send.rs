//! Sends one event and prints what became of it. An instance on this machine needs no key:
//!
//! ```text
//! event-grpc demo
//! cargo run -p event-grpc-client --example send
//! ```
#![allow(clippy::print_stdout, reason = "an example talks to a person")]

use std::env;
use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use event_grpc_client::event::AddToCartEvent;
use event_grpc_client::tonic::transport::Endpoint;
use event_grpc_client::{Event, EventOf, EventServiceClient, Events, Header, WriteKey};
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = env::var("EVENT_GRPC").unwrap_or_else(|_| "http://127.0.0.1:8017".to_owned());
    let key = env::var("EVENT_GRPC_KEY").unwrap_or_default();
    let channel = Endpoint::new(address)?.connect().await?;
    let mut client = EventServiceClient::with_interceptor(channel, WriteKey::new(&key)?);

    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let event = Event {
        // Made once for each event, and the same whenever it is sent again.
        id: Uuid::now_v7().to_string(),
        timestamp: now.to_string(),
        event_of: Some(EventOf::AddToCartEvent(AddToCartEvent {
            product_id: 42,
            quantity: 1,
            ..AddToCartEvent::default()
        })),
        ..Event::default()
    };
    let request = Events {
        header: Some(Header {
            user_id: 7,
            ..Header::default()
        }),
        events: vec![event],
    };
    let response = client.dispatch(request).await?.into_inner();
    println!("{}: {} accepted", response.status, response.accepted);
    for event in response.rejected {
        println!("event {}: {}", event.index, event.reason);
    }
    Ok(())
}
