//! Alerts about instances, and about what they answer to senders.

use super::alert::Needs::Nothing;
use super::alert::Severity::{Critical, Warning};
use super::alert::{Alert, Group};

pub(super) const GROUP: Group = Group {
    name: "intake",
    title: "Instances and intake",
    alerts: ALERTS,
};

const ALERTS: &[Alert] = &[
    Alert {
        name: "Down",
        severity: Critical,
        lasts: "2m",
        expr: "up{job=~\".*event-grpc.*\"} == 0",
        summary: "{{ $labels.instance }} doesn't answer its scraper",
        meaning: "The instance has ended or hangs, or its operations listener can't be reached. Others take its share; what it \
                  held goes back to the queues. The name of the scrape job should contain `event-grpc`.",
        look: &[
            "the log of the instance, its end first",
            "`curl http://INSTANCE/livez` from the scraper's machine",
            "the token of the scraper: 401 counts as down",
        ],
        act: &[
            "start it again, and look for what ended it (memory, signals, disk)",
            "if the listener is shut to the scraper, see `--ops-listen` and `--ops-token-file`",
        ],
        needs: Nothing,
    },
    Alert {
        name: "Absent",
        severity: Critical,
        lasts: "5m",
        expr: "absent(event_grpc_build_info)",
        summary: "no instance of event-grpc is scraped",
        meaning: "Prometheus knows no instance at all, so that no other alert here can fire.",
        look: &[
            "the scrape configuration and service discovery",
            "whether instances run at all",
        ],
        act: &["start instances, or mend the scrape configuration"],
        needs: Nothing,
    },
    Alert {
        name: "Restarts",
        severity: Warning,
        lasts: "0m",
        expr: "changes(process_start_time_seconds[30m]) > 3 and on (job, instance) event_grpc_build_info",
        summary: "{{ $labels.instance }} was started {{ $value }} times in half an hour",
        meaning: "The instance ends again and again. Nothing that was acknowledged is lost, but messages are delivered again each \
                  time, and senders see refused connections.",
        look: &[
            "the end of the log before each start",
            "the limits of its memory, and the reason that the supervisor or kernel gives",
        ],
        act: &[
            "give it the memory that [BENCHMARKS.md](../../../BENCHMARKS.md) says",
            "a panic at start is in the log: report it with its line",
        ],
        needs: Nothing,
    },
    Alert {
        name: "NotReady",
        severity: Warning,
        lasts: "15m",
        expr: "event_grpc_heartbeat == 0",
        summary: "{{ $labels.instance }} has wanted no traffic for 15 minutes",
        meaning: "Load balancers send it nothing: it has never been connected to RabbitMQ since its start, or an operator took it \
                  out by `PUT /heartbeat/?beat=false` and forgot it.",
        look: &["`event-grpc status --instance URL`"],
        act: &[
            "`curl -X PUT 'http://INSTANCE/heartbeat/?beat=true'`, if nobody works on it",
            "or see why it can't reach RabbitMQ",
        ],
        needs: Nothing,
    },
    Alert {
        name: "Refusing",
        severity: Critical,
        lasts: "5m",
        expr: "sum by (job, source) (rate(event_grpc_requests_total{outcome=~\"full|no_room|unavailable|late|internal\"}[5m])) \
               / sum by (job, source) (rate(event_grpc_requests_total[5m])) > 0.01",
        summary: "{{ $value | humanizePercentage }} of the requests of {{ $labels.source }} are refused, which isn't their senders' fault",
        meaning: "Senders are told to try again. Client libraries keep such events and do; others may lose them.",
        look: &[
            "the outcomes of `event_grpc_requests_total`: `unavailable` and `late` are the broker, `full` and `no_room` a lack of instances or memory",
            "`event_grpc_pool_bytes` beside `event_grpc_pool_limit_bytes`",
            "`event_grpc_broker_confirm_seconds`",
        ],
        act: &[
            "mend the broker, if it is slow, blocked or away",
            "add instances, or widen the source's pool",
        ],
        needs: Nothing,
    },
    Alert {
        name: "PoolFull",
        severity: Warning,
        lasts: "5m",
        expr: "event_grpc_pool_bytes / event_grpc_pool_limit_bytes > 0.9",
        summary: "the pool of {{ $labels.source }} at {{ $labels.instance }} is {{ $value | humanizePercentage }} full",
        meaning: "Requests are about to be refused as `full` or `no_room`: they come faster than the broker confirms them.",
        look: &[
            "`event_grpc_pool_waiting`, `event_grpc_broker_confirm_seconds`",
            "the processors of the instance and of RabbitMQ",
        ],
        act: &[
            "add instances",
            "raise `pool: bytes` of the source, if there is memory",
        ],
        needs: Nothing,
    },
    Alert {
        name: "PublishFails",
        severity: Critical,
        lasts: "2m",
        expr: "sum by (job, exchange, reason) (rate(event_grpc_broker_publish_failed_total{reason=~\"refused|no_exchange|unroutable|too_large|headers_too_large|too_long\"}[5m])) > 0",
        summary: "messages for {{ $labels.exchange }} are refused by the broker: {{ $labels.reason }}",
        meaning: "The broker is there and refuses these messages. Their requests were not accepted; trying again may not help.",
        look: &[
            "the policies and limits of the queues behind the exchange (max-length, overflow)",
            "`/readyz`: `topology` and `exchanges`",
        ],
        act: &["lift the limit, or mend the topology: import `generated/definitions.json`"],
        needs: Nothing,
    },
    Alert {
        name: "QuarantineFails",
        severity: Warning,
        lasts: "0m",
        expr: "sum by (job, source, outcome) (increase(event_grpc_quarantined_total{outcome=~\"failed|dropped\"}[15m])) > 0",
        summary: "bad events of {{ $labels.source }} are not kept as dead letters: {{ $labels.outcome }}",
        meaning: "Events that no table can take were refused, and not all of them are in `error_event`: the broker didn't confirm \
                  them (failed), or there are too many (dropped). Their senders were told that they are bad.",
        look: &[
            "what is bad: `event-grpc dlq list`",
            "which client sends it: `event_grpc_client_events_total{outcome=\"rejected\"}`",
        ],
        act: &["tell the sender; its answer names the event and the reason"],
        needs: Nothing,
    },
    Alert {
        name: "AccessDenied",
        severity: Warning,
        lasts: "15m",
        expr: "sum by (job, source, reason) (rate(event_grpc_access_denied_total{reason!~\"bytes|events\"}[5m])) > 1",
        summary: "more than one request a second for {{ $labels.source }} is denied: {{ $labels.reason }}",
        meaning: "Somebody sends without a right, or a key was revoked or has expired that is still in use.",
        look: &[
            "`event_grpc_client_denied_total`, which names clients whose key was right",
            "the log at debug: each request with its address",
        ],
        act: &[
            "give the client a new key: `event-grpc keys new`",
            "shut the address out at the load balancer, if it is nobody's",
        ],
        needs: Nothing,
    },
];
