//! The declarations of metrics: a server says nothing else, and the reference in docs is made of them.

mod backlog;
mod cases;
mod expressions;
mod ops;
mod page;
mod promtool;
mod scaling;
mod scrape;
mod status;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use event_grpc::metrics;
use http::Method;

use crate::app::support::instance_on;
use crate::http::request;
use crate::support::topology::Vhost;
use scrape::{scraped, wrong};

#[test]
fn the_reference_is_made_of_the_declarations() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let page = page::page();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/metrics.md is out of date: UPDATE_EXPECT=1 cargo test --test it reference_is_made"
    );
}

#[test]
fn names_and_help_are_as_prometheus_has_them() {
    for metric in metrics::all() {
        let is_total = metric.name.ends_with("_total");
        assert_eq!(
            metric.kind == metrics::Kind::Counter,
            is_total,
            "{}",
            metric.name
        );
        assert!(
            metric.help.ends_with('.') && !metric.help.contains('\n'),
            "{}",
            metric.name
        );
        let unit = metric.name.rsplit('_').next().unwrap();
        if metric.kind == metrics::Kind::Histogram {
            assert_eq!(unit, metric.unit, "{}", metric.name);
        }
        let names: BTreeSet<&str> = metric.labels.iter().map(|label| label.name).collect();
        assert_eq!(names.len(), metric.labels.len(), "{}", metric.name);
    }
}

/// What an instance says from the start, and that all of it is declared.
async fn says_what_is_declared(name: &str, amqp_url: Option<String>) {
    instance_on(name, amqp_url, async |app, _| {
        let answer = request(Method::GET, &app.ops_url("/metrics"), &[], "").await;
        assert_eq!(answer.status, 200);
        let wrong = wrong(&answer.text);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let scraped = scraped(&answer.text);
        let is_there = |name: &str, labels: &str| {
            let series = format!("{name}{labels} ");
            assert!(
                answer.text.contains(&series),
                "{series} is not there from the start"
            );
        };
        is_there("event_grpc_panics_total", "");
        is_there(
            "event_grpc_dead_letters_total",
            "{queue=\"post_log_events_q\",class=\"bad_field\"}",
        );
        is_there(
            "event_grpc_store_errors_total",
            "{table=\"event\",fault=\"destination\"}",
        );
        is_there("event_grpc_table_paused", "{table=\"event\"}");
        is_there("event_grpc_queue_stopped", "{queue=\"post_log_events_q\"}");
        is_there(
            "event_grpc_connections_refused_total",
            "{door=\"http\",reason=\"limit\"}",
        );
        for metric in metrics::all().filter(|metric| metric.from_start) {
            assert!(
                scraped.contains(metric.name),
                "{} has no time series",
                metric.name
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_with_its_broker_in_memory_says_what_is_declared() {
    says_what_is_declared("metrics", None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_on_rabbitmq_says_what_is_declared() {
    let vhost = Vhost::create();
    says_what_is_declared("metrics_rabbit", Some(vhost.url())).await;
    vhost.delete();
}
