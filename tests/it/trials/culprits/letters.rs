//! Whatever a bad message was, it becomes a dead letter, and the good ones beside it are stored.

use serde_json::json;

use super::raw::{APP_ID, CONTENT_TYPE, MESSAGE_ID, Property, Raw, headers, short};
use crate::app::support::{eventually, instance_on};
use crate::support::topology::Vhost;

const EXCHANGE: &str = "identity.dx";

fn trace(uri: &str) -> Vec<u8> {
    let trace = json!({
        "hostName": "h", "serviceName": "s", "timeTaken": 1, "method": "GET", "uri": uri, "headers": {},
        "responseStatus": 200, "remoteAddress": "r", "onlyRequest": false, "requestBody": "", "responseBody": "",
    });
    trace.to_string().into_bytes()
}

fn json_type() -> Property {
    (CONTENT_TYPE, short(b"application/json"))
}

fn many_headers(count: usize) -> Property {
    let names: Vec<String> = (0..count).map(|at| format!("{at:04x}")).collect();
    headers(names.iter().map(|name| (name.as_bytes(), &b""[..])))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_culprit_is_one_letter_and_the_good_ones_are_stored() {
    let vhost = Vhost::create();
    let url = vhost.url();
    instance_on("culprits", Some(url.clone()), async |instance, store| {
        let mut raw = Raw::connect(&url).await;
        let big = vec![b'h'; 100_000];
        let other = vec![b'i'; 30_000];
        let wide = headers([(&b"x-big"[..], &big[..]), (b"x-other", &other), (b"x-small", b"1")]);
        let mut large = trace("/large");
        // Bad, and larger than what RabbitMQ 4 takes.
        large.extend(vec![b' '; 20 << 20]);
        large.push(b'}');
        let culprits: [(&[u8], Vec<Property>, Vec<u8>); 7] = [
            (b"trace", vec![json_type(), (MESSAGE_ID, short(b"caf\xe9"))], trace("/p1")),
            (b"trace", vec![json_type(), (APP_ID, short(b"\xe9"))], trace("/p2")),
            (b"caf\xe9", vec![json_type()], trace("/p3")),
            (b"trace", vec![json_type(), headers([(&b"x-\xdf"[..], &b"v"[..])])], trace("/p4")),
            (b"trace", vec![json_type(), many_headers(13_100)], b"{\"bad\":".to_vec()),
            (b"trace", vec![json_type(), wide], b"{\"wide\":".to_vec()),
            (b"trace", vec![json_type()], large),
        ];
        for (at, (key, properties, body)) in culprits.iter().enumerate() {
            raw.publish(EXCHANGE, key, properties, body).await;
            let good = trace(&format!("/good{at}"));
            raw.publish(EXCHANGE, b"trace", &[json_type()], &good).await;
        }
        let good = "SELECT uniqExact(uri) FROM DB.trace_log WHERE uri LIKE '/good%'";
        eventually(store, good, culprits.len() as u64).await;
        let letters = [
            ("class = 'unreadable' AND reason LIKE '%message id%caf\\\\\\\\xe9%' AND body LIKE '%/p1%'", 1),
            ("class = 'unreadable' AND reason LIKE '%app id%' AND body LIKE '%/p2%'", 1),
            ("class = 'unreadable' AND routing_key = 'caf\\\\xe9' AND body LIKE '%/p3%'", 1),
            ("class = 'unreadable' AND reason LIKE '%header name%' AND body LIKE '%/p4%'", 1),
            ("body = '{\"bad\":' AND headers LIKE '%x-cut-headers%' AND headers LIKE '% more\"%'", 1),
            ("body = '{\"wide\":' AND JSONExtractString(headers, 'x-cut-headers') = 'x-big' AND headers LIKE '%x-small%'", 1),
            ("length(body) = 16777216 AND headers LIKE '%of 20971%sha256%'", 1),
            ("queue = 'trace_log'", culprits.len() as u64),
        ];
        for (what, count) in letters {
            let sql = format!("SELECT count() FROM DB.error_event FINAL WHERE {what}");
            eventually(store, &sql, count).await;
        }
        let (ready, report) = instance.readiness().await;
        assert!(ready, "{report}");
        assert_eq!((&report["broker"], &report["exchanges"]), (&json!("up"), &json!({})));
    })
    .await;
    vhost.delete();
}
