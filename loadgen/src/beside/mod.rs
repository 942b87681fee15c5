//! Messages beside a load of events: accounts and launches, of which PostgreSQL makes referrals, and webhooks, which a
//! partner's HTTP API gets. Each has a number of its own, and in the end each has to be where it belongs, once.
//!
//! It is for `cargo xtask chaos`, whose HTTP API says what it got.

mod found;
mod send;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::poison::Pace;
use event_grpc::broker::Broker;

pub(crate) use found::Found;

/// So many are under way at once, so that one which has to wait for a server doesn't hold up the others.
const UNDER_WAY: u64 = 16;

/// Digits of a number.
const DIGITS: usize = 8;

/// Where the messages go, and where they arrive.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Places {
    /// For tests: PostgreSQL, which gets messages beside the events.
    #[arg(long, hide = true, value_name = "URL", requires_all = ["api_url", "webhooks_to", "poison_amqp_url"])]
    postgres_url: Option<String>,
    /// For tests: the HTTP API, which tells what it got.
    #[arg(long, hide = true, value_name = "URL")]
    api_url: Option<String>,
    /// For tests: HTTP addresses of servers that take webhooks.
    #[arg(long, hide = true, value_name = "URL")]
    webhooks_to: Vec<String>,
}

/// The messages of a run.
pub(crate) struct Beside {
    prefix: String,
    pace: Pace,
    patience: Duration,
    broker: Arc<dyn Broker>,
    postgres: String,
    api: String,
    webhooks_to: Vec<String>,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// Sent messages.
#[derive(Debug)]
pub(crate) struct Sent {
    ended: Instant,
    /// Errors before anything could be stored.
    wrong: Vec<String>,
}

impl Places {
    /// The messages of a run, if there is a place for them.
    pub(crate) fn beside(
        &self,
        broker: Arc<dyn Broker>,
        run: u64,
        pace: Pace,
        patience: Duration,
    ) -> Option<Beside> {
        let (postgres, api) = (self.postgres_url.clone()?, self.api_url.clone()?);
        Some(Beside {
            prefix: format!("beside-{run:016x}-"),
            pace,
            patience,
            broker,
            postgres,
            api,
            webhooks_to: self.webhooks_to.clone(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        })
    }
}

impl Beside {
    fn name(&self, number: u64) -> String {
        format!("{}{number:0DIGITS$}", self.prefix)
    }
}
