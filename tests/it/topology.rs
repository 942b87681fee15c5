//! Topology that an instance declares: exactly the exchanges, queues and keys of the catalogue that producers rely on,
//! and those that the generator derives, which `generated/catalogue.md` lists separately.
//!
//! `tests/fixtures/catalogue.tsv` has a queue a line, as it was before there was a `pipeline.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use event_grpc::contract::Queue;
use event_grpc::generated::PIPELINE;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Confirmation, ExchangeKind};

use crate::app::support::instance_on;
use crate::support::topology::Vhost;

/// Additions of the pipeline to the catalogue: a second destination for the messages of one of its queues. Producers
/// see nothing of it. Queue, exchange and key.
const ADDED: [(&str, &str, &str); 1] = [("launch_referral_q", "event.dx", "LAUNCH_REFER_EVENT")];

/// A line of the catalogue.
pub(crate) struct Fact {
    pub(crate) queue: &'static str,
    pub(crate) exchange: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) key: &'static str,
    workers: u16,
    /// Exchange and routing key; none for the end of the road.
    dead_letter: Option<(&'static str, &'static str)>,
}

/// The catalogue.
pub(crate) fn facts() -> Vec<Fact> {
    let lines = include_str!("../fixtures/catalogue.tsv").lines().skip(1);
    let fact = |line: &'static str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [
            queue,
            exchange,
            kind,
            key,
            workers,
            error_exchange,
            error_key,
        ] = fields[..]
        else {
            panic!("{line}");
        };
        Fact {
            queue,
            exchange,
            kind,
            key,
            workers: workers.parse().unwrap(),
            dead_letter: (error_exchange != "-").then_some((error_exchange, error_key)),
        }
    };
    lines.map(fact).collect()
}

/// The names in the tables of exchanges and of queues that `catalogue.md` has for what the generator makes.
fn derived() -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let page = include_str!("../../generated/catalogue.md");
    let (_, derived) = page.split_once("### Made by the generator").unwrap();
    let (exchanges, queues) = derived.split_once("| queue |").unwrap();
    let names = |text: &'static str| {
        let cells = text
            .lines()
            .filter_map(|l| l.strip_prefix("| `")?.split_once('`'));
        cells.map(|(name, _)| name).collect()
    };
    (names(exchanges), names(queues))
}

fn text<'a>(row: &'a serde_json::Map<String, serde_json::Value>, column: &str) -> &'a str {
    row[column].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_has_the_catalogue_and_what_is_derived_and_nothing_else() {
    let vhost = Vhost::create();
    instance_on("topology", Some(vhost.url()), async |_, _| {
        let mut wrong = Vec::new();
        let (derived_exchanges, derived_queues) = derived();
        let facts = facts();

        let mut exchanges: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        for (exchange, _) in facts.iter().filter_map(|f| f.dead_letter) {
            exchanges.entry(exchange).or_default();
        }
        exchanges.extend(facts.iter().map(|f| (f.exchange, Some(f.kind))));
        let found = vhost.list(
            "list_exchanges",
            "name type durable auto_delete internal arguments",
        );
        for exchange in &found {
            let name = text(exchange, "name");
            if name.is_empty() || name.starts_with("amq.") || derived_exchanges.contains(name) {
                continue;
            }
            match exchanges.remove(name) {
                Some(kind) if kind.is_none_or(|kind| kind == text(exchange, "type")) => {}
                Some(kind) => wrong.push(format!("exchange {name} should be {kind:?}")),
                None => wrong.push(format!("exchange {name} is not in the catalogue")),
            }
            let plain = exchange["durable"] == true
                && exchange["auto_delete"] == false
                && exchange["internal"] == false
                && exchange["arguments"].as_object().unwrap().is_empty();
            assert!(plain, "producers could not declare {exchange:?}");
        }
        wrong.extend(
            exchanges
                .keys()
                .map(|name| format!("exchange {name} is missing")),
        );

        let queues = vhost.list("list_queues", "name");
        let mut queues: BTreeSet<&str> = queues.iter().map(|row| text(row, "name")).collect();
        for name in &derived_queues {
            assert!(queues.remove(name), "derived queue {name} is missing");
        }
        for fact in facts.iter().filter(|fact| !queues.remove(fact.queue)) {
            wrong.push(format!("queue {} is missing", fact.queue));
        }
        for (queue, ..) in ADDED {
            assert!(queues.remove(queue), "queue {queue} is missing");
        }
        wrong.extend(
            queues
                .iter()
                .map(|name| format!("queue {name} is not in the catalogue")),
        );

        let bindings = vhost.list("list_bindings", "source_name destination_name routing_key");
        let mut bindings: BTreeSet<_> = bindings
            .iter()
            .map(|row| {
                (
                    text(row, "source_name"),
                    text(row, "destination_name"),
                    text(row, "routing_key"),
                )
            })
            .filter(|(source, queue, _)| !source.is_empty() && !derived_queues.contains(queue))
            .collect();
        for fact in &facts {
            if !bindings.remove(&(fact.exchange, fact.queue, fact.key)) {
                wrong.push(format!(
                    "queue {} is not bound to {} with {}",
                    fact.queue, fact.exchange, fact.key
                ));
            }
        }
        for (queue, exchange, key) in ADDED {
            let bound = bindings.remove(&(exchange, queue, key));
            assert!(bound, "queue {queue} is not bound");
        }
        wrong.extend(
            bindings
                .iter()
                .map(|binding| format!("binding {binding:?} is not in the catalogue")),
        );

        for fact in &facts {
            let declared = PIPELINE
                .queues
                .iter()
                .find(|queue| queue.name == fact.queue);
            let Some(queue) = declared else { continue };
            wrong.extend(differences(queue, fact));
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
    vhost.delete();
}

/// Facts of a queue that the broker lacks.
fn differences(queue: &Queue, fact: &Fact) -> Vec<String> {
    let mut wrong = Vec::new();
    if queue.workers != fact.workers {
        wrong.push(format!(
            "queue {} has {} workers",
            queue.name, queue.workers
        ));
    }
    let dead_letter = queue
        .dead_letter
        .map(|route| (route.exchange, route.routing_key));
    if dead_letter != fact.dead_letter {
        wrong.push(format!(
            "queue {} has the dead letters {dead_letter:?}",
            queue.name
        ));
    }
    wrong
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_producer_declares_its_exchange_and_publishes_as_before() {
    let vhost = Vhost::create();
    instance_on("old_producer", Some(vhost.url()), async |_, _| {
        vhost.import_the_definitions().await;
        let properties = lapin::ConnectionProperties::default();
        let connection = lapin::Connection::connect(&vhost.url(), properties)
            .await
            .unwrap();
        for fact in facts() {
            if !PIPELINE.queues.iter().any(|queue| queue.name == fact.queue) {
                continue;
            }
            let channel = connection.create_channel().await.unwrap();
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await
                .unwrap();
            let kind = match fact.kind {
                "topic" => ExchangeKind::Topic,
                _ => ExchangeKind::Direct,
            };
            let durable = ExchangeDeclareOptions {
                durable: true,
                ..Default::default()
            };
            let declared = channel.exchange_declare(
                fact.exchange.into(),
                kind,
                durable,
                FieldTable::default(),
            );
            declared
                .await
                .unwrap_or_else(|error| panic!("{}: {error}", fact.exchange));
            let key = fact.key.replace('*', "Any");
            let mandatory = BasicPublishOptions {
                mandatory: true,
                ..Default::default()
            };
            let body = b"not for a table";
            let (exchange, key) = (fact.exchange.into(), key.as_str().into());
            let sent =
                channel.basic_publish(exchange, key, mandatory, body, BasicProperties::default());
            let confirm = sent.await.unwrap().await.unwrap();
            assert!(
                matches!(confirm, Confirmation::Ack(None)),
                "{}: {confirm:?}",
                fact.exchange
            );
        }
    })
    .await;
    vhost.delete();
}
