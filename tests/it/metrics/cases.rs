//! Cases of alerts: for each one series with its fault, and series that are as they should be. A value is for a minute.

/// Case of an alert.
pub(super) struct Case {
    /// Name without its prefix.
    pub(super) alert: &'static str,
    /// When it is looked at.
    pub(super) at: &'static str,
    /// Series, with their values, with which it fires.
    pub(super) fault: &'static [(&'static str, &'static str)],
    /// Series with which it doesn't, nor any other.
    pub(super) fine: &'static [(&'static str, &'static str)],
    /// Alerts that fire for the same fault.
    pub(super) also: &'static [&'static str],
}

const fn case(
    alert: &'static str,
    at: &'static str,
    fault: &'static [(&'static str, &'static str)],
    fine: &'static [(&'static str, &'static str)],
    also: &'static [&'static str],
) -> Case {
    Case {
        alert,
        at,
        fault,
        fine,
        also,
    }
}

/// All cases.
#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    case("Down", "60m", &[(r#"up{job="event-grpc",instance="a"}"#, "1x10 0x170")], &[(r#"up{job="event-grpc",instance="a"}"#, "1x180")], &[]),
    case("Absent", "60m", &[(r#"event_grpc_build_info{job="event-grpc",instance="a",version="1",commit="c",schema="s"}"#, "_x180")], &[], &[]),
    case("Restarts", "20m", &[(r#"process_start_time_seconds{job="event-grpc",instance="a"}"#, "0 100 200 300 400 500x170")], &[(r#"process_start_time_seconds{job="event-grpc",instance="a"}"#, "100 200x180")], &[]),
    case("NotReady", "60m", &[(r#"event_grpc_heartbeat{job="event-grpc",instance="a"}"#, "0x180")], &[(r#"event_grpc_heartbeat{job="event-grpc",instance="a"}"#, "0x10 1x170")], &[]),
    case("Refusing", "60m", &[(r#"event_grpc_requests_total{job="event-grpc",instance="a",source="app",outcome="accepted"}"#, "0+100x180"), (r#"event_grpc_requests_total{job="event-grpc",instance="a",source="app",outcome="unavailable"}"#, "0+5x180")], &[(r#"event_grpc_requests_total{job="event-grpc",instance="a",source="app",outcome="accepted"}"#, "0+100x180"), (r#"event_grpc_requests_total{job="event-grpc",instance="a",source="app",outcome="invalid"}"#, "0+50x180")], &[]),
    case("PoolFull", "60m", &[(r#"event_grpc_pool_bytes{job="event-grpc",instance="a",source="app"}"#, "95x180"), (r#"event_grpc_pool_limit_bytes{job="event-grpc",instance="a",source="app"}"#, "100x180")], &[(r#"event_grpc_pool_bytes{job="event-grpc",instance="a",source="app"}"#, "50x180"), (r#"event_grpc_pool_limit_bytes{job="event-grpc",instance="a",source="app"}"#, "100x180")], &[]),
    case("PublishFails", "60m", &[(r#"event_grpc_broker_publish_failed_total{job="event-grpc",instance="a",exchange="e",reason="no_exchange"}"#, "0+1x180")], &[(r#"event_grpc_broker_publish_failed_total{job="event-grpc",instance="a",exchange="e",reason="down"}"#, "0+1x180")], &[]),
    case("QuarantineFails", "60m", &[(r#"event_grpc_quarantined_total{job="event-grpc",instance="a",source="app",outcome="failed"}"#, "0x50 1x130")], &[(r#"event_grpc_quarantined_total{job="event-grpc",instance="a",source="app",outcome="kept"}"#, "0x50 1x130")], &[]),
    case("AccessDenied", "60m", &[(r#"event_grpc_access_denied_total{job="event-grpc",instance="a",source="app",reason="unknown"}"#, "0+120x180")], &[(r#"event_grpc_access_denied_total{job="event-grpc",instance="a",source="app",reason="events"}"#, "0+120x180")], &[]),
    case("BrokerDown", "60m", &[(r#"event_grpc_broker_connection{job="event-grpc",instance="a",role="publish",state="down"}"#, "1x180"), (r#"event_grpc_broker_connection{job="event-grpc",instance="a",role="publish",state="up"}"#, "0x180")], &[(r#"event_grpc_broker_connection{job="event-grpc",instance="a",role="publish",state="down"}"#, "0x180"), (r#"event_grpc_broker_connection{job="event-grpc",instance="a",role="publish",state="up"}"#, "1x180")], &[]),
    case("BrokerBlocked", "60m", &[(r#"event_grpc_broker_connection{job="event-grpc",instance="a",role="publish",state="blocked"}"#, "1x180")], &[(r#"event_grpc_broker_connection{job="event-grpc",instance="a",role="publish",state="blocked"}"#, "0x180"), (r#"event_grpc_broker_connection{job="event-grpc",instance="a",role="publish",state="up"}"#, "1x180")], &[]),
    case("BrokerFlaps", "60m", &[(r#"event_grpc_broker_connections_lost_total{job="event-grpc",instance="a",role="publish"}"#, "0+1x180")], &[(r#"event_grpc_broker_connections_lost_total{job="event-grpc",instance="a",role="publish"}"#, "0x50 1x130")], &[]),
    case("ExchangeShut", "60m", &[(r#"event_grpc_exchange_shut{job="event-grpc",instance="a",exchange="e"}"#, "1x180")], &[(r#"event_grpc_exchange_shut{job="event-grpc",instance="a",exchange="e"}"#, "0x180")], &[]),
    case("TopologyDiffers", "60m", &[(r#"event_grpc_degraded{job="event-grpc",instance="a",reason="topology",subject="queue q"}"#, "1x180")], &[(r#"event_grpc_degraded{job="event-grpc",instance="a",reason="topology",subject="queue q"}"#, "0x180")], &[]),
    case("QueueUnconsumed", "60m", &[(r#"event_grpc_degraded{job="event-grpc",instance="a",reason="queue_without_consumer",subject="q"}"#, "1x180")], &[(r#"event_grpc_degraded{job="event-grpc",instance="a",reason="queue_without_consumer",subject="q"}"#, "0x180")], &[]),
    case("QueueOld", "60m", &[(r#"event_grpc_queue_oldest_seconds{job="event-grpc",instance="a",queue="grpc_clickhouse_event_q"}"#, "0+60x180")], &[(r#"event_grpc_queue_oldest_seconds{job="event-grpc",instance="a",queue="grpc_clickhouse_event_q"}"#, "10x180")], &[]),
    case("QueueStopped", "60m", &[(r#"event_grpc_queue_stopped{job="event-grpc",instance="a",queue="q"}"#, "1x180")], &[(r#"event_grpc_queue_stopped{job="event-grpc",instance="a",queue="q"}"#, "0x180")], &[]),
    case("OrphanedQueue", "60m", &[(r#"event_grpc_degraded{job="event-grpc",instance="a",reason="orphaned_queue",subject="q"}"#, "1x180")], &[(r#"event_grpc_degraded{job="event-grpc",instance="a",reason="orphaned_queue",subject="q"}"#, "0x180")], &[]),
    case("ReturnedOften", "60m", &[(r#"event_grpc_renewed_messages_total{job="event-grpc",instance="a",queue="q"}"#, "0x50 1x130")], &[(r#"event_grpc_renewed_messages_total{job="event-grpc",instance="a",queue="q"}"#, "0x180")], &[]),
    case("Unsettled", "60m", &[(r#"event_grpc_unacknowledged_age_seconds{job="event-grpc",instance="a",queue="q"}"#, "1500x180")], &[(r#"event_grpc_unacknowledged_age_seconds{job="event-grpc",instance="a",queue="q"}"#, "60x180")], &[]),
    case("KafkaDown", "60m", &[(r#"event_grpc_kafka_up{job="event-grpc",instance="a"}"#, "0x180")], &[(r#"event_grpc_kafka_up{job="event-grpc",instance="a"}"#, "1x180")], &[]),
    case("KafkaRetention", "60m", &[(r#"event_grpc_kafka_retention_used{job="event-grpc",instance="a",queue="q"}"#, "0.75x180")], &[(r#"event_grpc_kafka_retention_used{job="event-grpc",instance="a",queue="q"}"#, "0.5x180")], &[]),
    case("KafkaDeleted", "60m", &[(r#"event_grpc_kafka_deleted_unread_total{job="event-grpc",instance="a",queue="q"}"#, "0x50 1x130")], &[(r#"event_grpc_kafka_deleted_unread_total{job="event-grpc",instance="a",queue="q"}"#, "0x180")], &[]),
    case("ClickHouseDown", "60m", &[(r#"event_grpc_clickhouse_up{job="event-grpc",instance="a",server="main"}"#, "0x180")], &[(r#"event_grpc_clickhouse_up{job="event-grpc",instance="a",server="main"}"#, "1x180")], &[]),
    case("PostgresDown", "60m", &[(r#"event_grpc_postgres_up{job="event-grpc",instance="a"}"#, "0x180")], &[(r#"event_grpc_postgres_up{job="event-grpc",instance="a"}"#, "1x180")], &[]),
    case("TableMisfit", "60m", &[(r#"event_grpc_degraded{job="event-grpc",instance="a",reason="table_misfit",subject="event"}"#, "1x180")], &[(r#"event_grpc_degraded{job="event-grpc",instance="a",reason="table_misfit",subject="event"}"#, "0x180")], &[]),
    case("TablePaused", "60m", &[(r#"event_grpc_degraded{job="event-grpc",instance="a",reason="table_paused",subject="event"}"#, "1x180"), (r#"event_grpc_degraded{job="event-grpc",instance="a",reason="server_down",subject="postgres"}"#, "1x180")], &[(r#"event_grpc_degraded{job="event-grpc",instance="a",reason="table_paused",subject="event"}"#, "0x180"), (r#"event_grpc_degraded{job="event-grpc",instance="a",reason="server_down",subject="main"}"#, "1x180")], &[]),
    case("StoreErrors", "60m", &[(r#"event_grpc_store_errors_total{job="event-grpc",instance="a",table="event",fault="transient"}"#, "0+6x180")], &[(r#"event_grpc_store_errors_total{job="event-grpc",instance="a",table="event",fault="content"}"#, "0+6x180")], &[]),
    case("DeadLetters", "60m", &[(r#"event_grpc_dead_letters_total{job="event-grpc",instance="a",queue="q",class="bad_field"}"#, "0x50 1x130")], &[(r#"event_grpc_dead_letters_total{job="event-grpc",instance="a",queue="q",class="bad_field"}"#, "0x180")], &[]),
    case("DeadLettersMany", "60m", &[(r#"event_grpc_settled_units_total{job="event-grpc",instance="a",queue="q",into="event",type="t",outcome="dead_lettered"}"#, "0+10x180"), (r#"event_grpc_settled_units_total{job="event-grpc",instance="a",queue="q",into="event",type="t",outcome="stored"}"#, "0+90x180")], &[(r#"event_grpc_settled_units_total{job="event-grpc",instance="a",queue="q",into="event",type="t",outcome="dead_lettered"}"#, "0+1x180"), (r#"event_grpc_settled_units_total{job="event-grpc",instance="a",queue="q",into="event",type="t",outcome="stored"}"#, "0+999x180")], &[]),
    case("Parts", "60m", &[(r#"event_grpc_clickhouse_partition_parts{job="event-grpc",instance="a",table="event"}"#, "900x180")], &[(r#"event_grpc_clickhouse_partition_parts{job="event-grpc",instance="a",table="event"}"#, "100x180")], &[]),
    case("DiskFull", "60m", &[(r#"event_grpc_clickhouse_disk_free_ratio{job="event-grpc",instance="a",server="main"}"#, "0.05x180")], &[(r#"event_grpc_clickhouse_disk_free_ratio{job="event-grpc",instance="a",server="main"}"#, "0.5x180")], &[]),
    case("Slow", "60m", &[(r#"event_grpc_visible_seconds_bucket{job="event-grpc",instance="a",table="event",le="300"}"#, "0+10x180"), (r#"event_grpc_visible_seconds_bucket{job="event-grpc",instance="a",table="event",le="900"}"#, "0+20x180"), (r#"event_grpc_visible_seconds_bucket{job="event-grpc",instance="a",table="event",le="+Inf"}"#, "0+20x180")], &[(r#"event_grpc_visible_seconds_bucket{job="event-grpc",instance="a",table="event",le="1"}"#, "0+20x180"), (r#"event_grpc_visible_seconds_bucket{job="event-grpc",instance="a",table="event",le="300"}"#, "0+20x180"), (r#"event_grpc_visible_seconds_bucket{job="event-grpc",instance="a",table="event",le="+Inf"}"#, "0+20x180")], &[]),
    case("TargetPaused", "60m", &[(r#"event_grpc_target_paused{job="event-grpc",instance="a",target="t"}"#, "1x180")], &[(r#"event_grpc_target_paused{job="event-grpc",instance="a",target="t"}"#, "0x180")], &[]),
    case("Panics", "60m", &[(r#"event_grpc_panics_total{job="event-grpc",instance="a"}"#, "0x50 1x130")], &[(r#"event_grpc_panics_total{job="event-grpc",instance="a"}"#, "0x180")], &[]),
    case("WorkersRestarted", "60m", &[(r#"event_grpc_restarts_total{job="event-grpc",instance="a",table="event"}"#, "0x50 1x130")], &[(r#"event_grpc_restarts_total{job="event-grpc",instance="a",table="event"}"#, "0x180")], &[]),
    case("Busy", "60m", &[(r#"event_grpc_runtime_busy_seconds_total{job="event-grpc",instance="a"}"#, "0+110x180"), (r#"event_grpc_runtime_threads{job="event-grpc",instance="a"}"#, "2x180")], &[(r#"event_grpc_runtime_busy_seconds_total{job="event-grpc",instance="a"}"#, "0+10x180"), (r#"event_grpc_runtime_threads{job="event-grpc",instance="a"}"#, "2x180")], &[]),
    case("Descriptors", "60m", &[(r#"process_open_fds{job="event-grpc",instance="a"}"#, "900x180"), (r#"process_max_fds{job="event-grpc",instance="a"}"#, "1000x180")], &[(r#"process_open_fds{job="event-grpc",instance="a"}"#, "100x180"), (r#"process_max_fds{job="event-grpc",instance="a"}"#, "1000x180")], &[]),
    case("ConnectionsRefused", "60m", &[(r#"event_grpc_connections_refused_total{job="event-grpc",instance="a",door="http",reason="limit"}"#, "0+1x180")], &[(r#"event_grpc_connections_refused_total{job="event-grpc",instance="a",door="http",reason="limit"}"#, "0x180")], &[]),
    case("CertificateExpires", "90m", &[(r#"event_grpc_tls_certificate_expiry_seconds{job="event-grpc",instance="a"}"#, "864000x180")], &[(r#"event_grpc_tls_certificate_expiry_seconds{job="event-grpc",instance="a"}"#, "5000000x180")], &[]),
    case("CertificateExpired", "90m", &[(r#"event_grpc_tls_certificate_expiry_seconds{job="event-grpc",instance="a"}"#, "80000x180")], &[(r#"event_grpc_tls_certificate_expiry_seconds{job="event-grpc",instance="a"}"#, "5000000x180")], &["CertificateExpires"]),
    case("TlsFilesRefused", "60m", &[(r#"event_grpc_tls_reloads_total{job="event-grpc",instance="a",outcome="refused"}"#, "0x50 1x130")], &[(r#"event_grpc_tls_reloads_total{job="event-grpc",instance="a",outcome="loaded"}"#, "0x50 1x130")], &[]),
    case("KeyFileBad", "60m", &[(r#"event_grpc_access_file_bad{job="event-grpc",instance="a",file="keys"}"#, "1x180")], &[(r#"event_grpc_access_file_bad{job="event-grpc",instance="a",file="keys"}"#, "0x180")], &[]),
    case("SwitchFileBad", "60m", &[(r#"event_grpc_switch_file_bad{job="event-grpc",instance="a"}"#, "1x180")], &[(r#"event_grpc_switch_file_bad{job="event-grpc",instance="a"}"#, "0x180")], &[]),
    case("SpansDropped", "60m", &[(r#"event_grpc_trace_spans_total{job="event-grpc",instance="a",outcome="unsent"}"#, "0+10x180")], &[(r#"event_grpc_trace_spans_total{job="event-grpc",instance="a",outcome="unsent"}"#, "0x50 10x130"), (r#"event_grpc_trace_spans_total{job="event-grpc",instance="a",outcome="exported"}"#, "0+10x180")], &[]),
    case("BuildsDiffer", "170m", &[(r#"event_grpc_build_info{job="event-grpc",instance="a",version="1",commit="c",schema="s"}"#, "1x180"), (r#"event_grpc_build_info{job="event-grpc",instance="b",version="1",commit="c",schema="t"}"#, "1x180")], &[(r#"event_grpc_build_info{job="event-grpc",instance="a",version="1",commit="c",schema="s"}"#, "1x180"), (r#"event_grpc_build_info{job="event-grpc",instance="b",version="1",commit="c",schema="s"}"#, "1x180")], &[]),
];
