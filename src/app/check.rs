//! Configuration of an instance, judged as at a start, without starting anything.

use anyhow::Context as _;

use super::listeners::Addresses;
use super::{Config, broker, listeners, senders, traces};
use crate::access::Access as Senders;
use crate::contract::{Intake, Pipeline, Storage};
use crate::ingest::{cors::Cors, pool};
use crate::ops::access::Access;
use crate::sink::requests::Requests;
use crate::switches::Switches;
use crate::tls::ServerTls;

/// What is to be said of a configuration.
#[derive(Debug, Default)]
pub struct Judged {
    /// What a start fails with: a word for the part, and why.
    pub wrong: Vec<(&'static str, String)>,
    /// What a reviewer would object to.
    pub odd: Vec<(&'static str, String)>,
    /// What is off because it isn't configured, and what would turn it on.
    pub off: Vec<(String, String)>,
    /// TLS of the ports.
    pub tls: Option<ServerTls>,
}

/// Judges a configuration.
pub fn check(config: &Config, pipeline: &'static Pipeline) -> Judged {
    let mut judged = Judged::default();
    let verified = config
        .tls
        .as_ref()
        .is_some_and(|tls| tls.client_ca.is_some());
    let ops = Access::new(&config.ops, verified);
    judged.note("operations", ops.map(drop));
    if let Some(tls) = judged.note("tls", listeners::secured(config)).flatten() {
        let trouble = tls.trouble().map(|error| error.to_string());
        judged.wrong.extend(trouble.map(|error| ("tls", error)));
        judged.tls = Some(tls);
    }
    let addresses = Addresses {
        grpc: config.grpc_listen,
        http: config.http_listen,
        ops: config.ops.listen,
    };
    if let Some(access) = judged.note("access", senders::start(config, pipeline, addresses)) {
        let warnings = Senders::warnings(&access);
        judged
            .odd
            .extend(warnings.into_iter().map(|text| ("access", text)));
    }
    let switches = Switches::start(config.switches.clone(), pipeline);
    judged.note("switches", switches.map(drop));
    judged.note("traces", traces::tracer(config).map(drop));
    judged.note("rabbitmq", broker::address(config).map(drop));
    sources(&mut judged, config, pipeline);
    destinations(&mut judged, config, pipeline);
    judged
}

fn sources(judged: &mut Judged, config: &Config, pipeline: &'static Pipeline) {
    let variable = |name: &str| config.environment.get(name);
    for source in pipeline.sources {
        judged.note("sources", pool::sizes(source, variable).map(drop));
        judged.note("sources", Cors::of(source, variable).map(drop));
        let Intake::Post { verify, .. } = &source.intake else {
            continue;
        };
        let secret = verify.as_ref().map(|verify| verify.variable);
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        let is_off = |name: &&str| !is_set(name) && !config.unverified.opens(source.name);
        if let Some(name) = secret.filter(is_off) {
            let off = format!("source {} is off", source.name);
            judged.off.push((off, format!("set {name} or {name}_FILE")));
        }
    }
}

fn destinations(judged: &mut Judged, config: &Config, pipeline: &'static Pipeline) {
    let variable = |name: &str| config.environment.get(name);
    let requests = Requests::with_kafka(pipeline.requests, config.kafka.as_ref(), variable);
    if let Some(requests) = judged.note("requests", requests.context("an HTTP destination")) {
        for request in pipeline.requests {
            if let Some(missing) = requests.missing(request) {
                let off = format!("request {} is off", request.name);
                judged
                    .off
                    .push((off, format!("set {}", missing.join(", "))));
            }
        }
    }
    let is_postgres = |storage: &Storage| matches!(storage, Storage::Postgres(_));
    let mut tables = pipeline.tables.iter();
    if config.postgres.is_none() && tables.any(|table| is_postgres(&table.storage)) {
        let off = "the PostgreSQL tables are off".to_owned();
        judged.off.push((off, "give --postgres-url".to_owned()));
    }
}

impl Judged {
    /// What became of a part; an error is noted.
    fn note<T, E: Into<anyhow::Error>>(
        &mut self,
        part: &'static str,
        outcome: Result<T, E>,
    ) -> Option<T> {
        outcome
            .map_err(|error| self.wrong.push((part, format!("{:#}", error.into()))))
            .ok()
    }
}
