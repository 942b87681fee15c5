//! Alerts about processes, listeners and files.

use super::alert::Needs::Nothing;
use super::alert::Severity::{Critical, Warning};
use super::alert::{Alert, Group};

pub(super) const GROUP: Group = Group {
    name: "process",
    title: "Processes, listeners and files",
    alerts: ALERTS,
};

const ALERTS: &[Alert] = &[
    Alert {
        name: "Panics",
        severity: Warning,
        lasts: "0m",
        expr: "sum by (job, instance) (increase(event_grpc_panics_total[1h])) > 0",
        summary: "workers of {{ $labels.instance }} panicked",
        meaning: "A defect of this build. The message is tried again and becomes a dead letter of class `panic` if it happens again.",
        look: &[
            "the log: `panicked`, with file and line",
            "`event-grpc dlq list --class panic`",
        ],
        act: &[
            "report it with the line of the log",
            "if a release brought it: put the release back, then `event-grpc dlq replay`",
        ],
        needs: Nothing,
    },
    Alert {
        name: "WorkersRestarted",
        severity: Warning,
        lasts: "0m",
        expr: "sum by (job, table) (increase(event_grpc_restarts_total[1h])) > 0",
        summary: "the workers of {{ $labels.table }} broke down and were restarted",
        meaning: "A defect of this build. Their messages are in their queues and are processed again.",
        look: &["the log: `panicked`, with file and line"],
        act: &["report it with the line of the log"],
        needs: Nothing,
    },
    Alert {
        name: "Busy",
        severity: Warning,
        lasts: "10m",
        expr: "rate(event_grpc_runtime_busy_seconds_total[5m]) / event_grpc_runtime_threads > 0.9",
        summary: "the threads of {{ $labels.instance }} are {{ $value | humanizePercentage }} busy",
        meaning: "The instance has no processor time left: requests take longer, and queues grow at the next peak.",
        look: &[
            "`process_cpu_seconds_total`: is it this process, or does it not get its share?",
            "`event-grpc capacity`",
        ],
        act: &["add instances or processors"],
        needs: Nothing,
    },
    Alert {
        name: "Descriptors",
        severity: Warning,
        lasts: "5m",
        expr: "process_open_fds / process_max_fds > 0.8 and on (job, instance) event_grpc_build_info",
        summary: "{{ $labels.instance }} uses {{ $value | humanizePercentage }} of its file descriptors",
        meaning: "Beyond its limits of connections it refuses new ones; those of stores and broker have room kept for them.",
        look: &[
            "`event_grpc_connections` by port",
            "`LimitNOFILE` of its unit",
        ],
        act: &["raise the limit, or lower `--max-connections`"],
        needs: Nothing,
    },
    Alert {
        name: "ConnectionsRefused",
        severity: Warning,
        lasts: "5m",
        expr: "sum by (job, instance, door, reason) (increase(event_grpc_connections_refused_total[10m])) > 0",
        summary: "{{ $labels.instance }} refuses connections at {{ $labels.door }}: {{ $labels.reason }}",
        meaning: "The port is full (`limit`), one address has too many (`address`), or descriptors are used up.",
        look: &[
            "`event_grpc_connections`",
            "the log at debug: which address",
            "whether all senders come through one proxy",
        ],
        act: &[
            "`address` behind a proxy: raise `--max-connections-per-address`",
            "`limit`: add instances, or raise `--max-connections`",
        ],
        needs: Nothing,
    },
    Alert {
        name: "CertificateExpires",
        severity: Warning,
        lasts: "1h",
        expr: "event_grpc_tls_certificate_expiry_seconds - time() < 14 * 86400",
        summary: "the certificate of {{ $labels.instance }} expires in {{ $value | humanizeDuration }}",
        meaning: "After that no client connects any more.",
        look: &["what should have renewed it (certbot, cert-manager), and its log"],
        act: &[
            "put a new certificate and key in place of the files; they are read without a restart",
        ],
        needs: Nothing,
    },
    Alert {
        name: "CertificateExpired",
        severity: Critical,
        lasts: "0m",
        expr: "event_grpc_tls_certificate_expiry_seconds - time() < 86400",
        summary: "the certificate of {{ $labels.instance }} expires within a day, or has",
        meaning: "After that no client connects any more.",
        look: &["the files of `--tls-cert` and `--tls-key`"],
        act: &[
            "put a new certificate and key in place of the files; they are read without a restart",
        ],
        needs: Nothing,
    },
    Alert {
        name: "TlsFilesRefused",
        severity: Warning,
        lasts: "0m",
        expr: "sum by (job, instance) (increase(event_grpc_tls_reloads_total{outcome=\"refused\"}[1h])) > 0",
        summary: "{{ $labels.instance }} can't use its new certificate or key",
        meaning: "Those read before stay in use, until they expire.",
        look: &["the log, which says what is wrong with the files"],
        act: &["write both files anew: they have to belong together"],
        needs: Nothing,
    },
    Alert {
        name: "KeyFileBad",
        severity: Warning,
        lasts: "5m",
        expr: "event_grpc_access_file_bad == 1",
        summary: "{{ $labels.instance }} can't use its file of {{ $labels.file }}",
        meaning: "The content before stays in force: new clients are refused, and revoked keys are still good.",
        look: &["`/readyz`: `access` has the line and what is wrong"],
        act: &["mend the file; it is read again within two seconds"],
        needs: Nothing,
    },
    Alert {
        name: "BuildsDiffer",
        severity: Warning,
        lasts: "2h",
        expr: "count by (job) (count by (job, schema) (event_grpc_build_info)) > 1",
        summary: "instances of {{ $labels.job }} have run with different schemas for two hours",
        meaning: "A release is half done. Events that only the newer build knows are dead letters at the older one, until they are replayed.",
        look: &["`event_grpc_build_info`: which instance has which"],
        act: &["finish the release, or put it back"],
        needs: Nothing,
    },
];
