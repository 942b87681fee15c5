//! The layers of the server: which of its folders may import which.

use std::collections::BTreeSet;

use super::circles::{circles, edges};
use super::imports::imports;
use super::none;
use super::tree::{File, files};

/// What each folder, or file, at the top of `src/` may import beside itself, its unit tests included. Those above know
/// nothing of those below: `app` wires the parts together, and `cli` starts it. `generated/` is mounted among them.
const LAYERS: &[(&str, &[&str])] = &[
    // Leaves.
    ("build", &[]),
    ("client", &[]),
    ("dead_letter", &[]),
    ("host", &[]),
    ("time", &[]),
    ("rate", &[]),
    ("capacity", &[]),
    ("weight", &[]),
    ("yaml", &[]),
    ("reread", &[]),
    ("plain", &[]),
    ("metrics", &["dead_letter", "time"]),
    ("tls", &["metrics", "time"]),
    ("http_client", &["tls"]),
    (
        "trace",
        &["build", "host", "http_client", "metrics", "rate", "tls"],
    ),
    (
        "sentry",
        &[
            "build",
            "host",
            "http_client",
            "metrics",
            "rate",
            "time",
            "tls",
        ],
    ),
    ("listen", &["client", "metrics", "tls"]),
    ("kafka", &[]),
    ("row_error", &["dead_letter"]),
    // What bytes mean.
    ("protobuf", &["row_error", "time"]),
    ("json", &["protobuf", "row_error"]),
    ("unknown", &["json", "protobuf", "row_error"]),
    ("function", &["json", "protobuf", "row_error", "time"]),
    (
        "native",
        &["json", "protobuf", "row_error", "unknown", "weight"],
    ),
    // The pipeline as data, and what is generated against it.
    (
        "contract",
        &[
            "dead_letter",
            "function",
            "json",
            "native",
            "protobuf",
            "row_error",
        ],
    ),
    ("generated", &["contract"]),
    ("late", &["contract", "metrics"]),
    (
        "tap",
        &[
            "client",
            "contract",
            "metrics",
            "protobuf",
            "rate",
            "row_error",
            "time",
            "weight",
        ],
    ),
    // What events are.
    ("identity", &["contract", "json", "protobuf"]),
    (
        "proto_json",
        &["contract", "protobuf", "row_error", "unknown"],
    ),
    (
        "events",
        &[
            "contract",
            "dead_letter",
            "function",
            "proto_json",
            "protobuf",
            "row_error",
            "unknown",
            "weight",
        ],
    ),
    // What carries and stores them. Neither knows the other.
    (
        "broker",
        &[
            "contract",
            "dead_letter",
            "kafka",
            "metrics",
            "time",
            "tls",
            "trace",
            "weight",
        ],
    ),
    (
        "sink",
        &[
            "contract",
            "dead_letter",
            "http_client",
            "kafka",
            "metrics",
            "native",
            "protobuf",
            "row_error",
            "tls",
            "trace",
            "weight",
        ],
    ),
    (
        "hooks",
        &["contract", "generated", "json", "row_error", "sink"],
    ),
    ("health", &["broker"]),
    // Who may send what.
    (
        "access",
        &[
            "client", "contract", "listen", "metrics", "rate", "reread", "time", "tls", "yaml",
        ],
    ),
    // What is refused for now.
    (
        "switches",
        &[
            "contract",
            "events",
            "generated",
            "metrics",
            "reread",
            "yaml",
        ],
    ),
    ("grpc", &["contract", "health", "listen"]),
    // From a request to the broker, and from the broker to a store. Neither knows the other.
    (
        "ingest",
        &[
            "access",
            "broker",
            "client",
            "contract",
            "dead_letter",
            "events",
            "generated",
            "grpc",
            "health",
            "identity",
            "json",
            "late",
            "listen",
            "metrics",
            "proto_json",
            "protobuf",
            "rate",
            "row_error",
            "switches",
            "tap",
            "time",
            "trace",
            "weight",
        ],
    ),
    (
        "worker",
        &[
            "broker",
            "client",
            "contract",
            "dead_letter",
            "identity",
            "json",
            "late",
            "metrics",
            "native",
            "proto_json",
            "protobuf",
            "row_error",
            "sink",
            "tap",
            "time",
            "trace",
            "unknown",
            "weight",
        ],
    ),
    (
        "ops",
        &[
            "access",
            "broker",
            "contract",
            "dead_letter",
            "events",
            "generated",
            "grpc",
            "health",
            "json",
            "listen",
            "metrics",
            "plain",
            "proto_json",
            "protobuf",
            "reread",
            "row_error",
            "sentry",
            "sink",
            "switches",
            "tap",
            "time",
            "tls",
            "trace",
            "unknown",
            "worker",
            "yaml",
        ],
    ),
    (
        "app",
        &[
            "access", "broker", "build", "contract", "grpc", "health", "hooks", "ingest", "listen",
            "metrics", "ops", "sink", "switches", "tap", "tls", "trace", "worker",
        ],
    ),
    (
        "cli",
        &[
            "access",
            "app",
            "broker",
            "build",
            "capacity",
            "client",
            "contract",
            "generated",
            "hooks",
            "listen",
            "ops",
            "plain",
            "reread",
            "sentry",
            "sink",
            "switches",
            "tap",
            "time",
            "tls",
            "trace",
            "traffic",
            "yaml",
        ],
    ),
    // Sample traffic, for the demo and the load generator.
    ("traffic", &["contract", "time"]),
    // Targets of the fuzzer.
    (
        "fuzzing",
        &[
            "access",
            "broker",
            "contract",
            "events",
            "generated",
            "ingest",
            "json",
            "proto_json",
            "protobuf",
            "worker",
        ],
    ),
    // A process of its own, which shares no code with the server.
    ("engine_process", &[]),
];

/// Where the crate and its program begin.
const ROOTS: [&str; 2] = ["lib", "main"];

#[test]
fn a_layer_imports_only_what_it_may_know() {
    let mut found = Vec::new();
    for file in server() {
        let layer = layer(&file);
        if ROOTS.contains(&layer) {
            continue;
        }
        let Some((_, may)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            found.push(format!(
                "{}: {layer} is in no layer; list it with what it may import",
                file.path
            ));
            continue;
        };
        let foreign = imports(&file)
            .into_iter()
            .filter(|import| import.of_this_crate && import.name != layer)
            .filter(|import| !may.contains(&import.name.as_str()));
        found.extend(foreign.map(|import| {
            format!(
                "{}:{}: {layer} may not import {}",
                file.path, import.line, import.name
            )
        }));
    }
    none("The layers are those of ARCHITECTURE.md", &found);
}

#[test]
fn every_layer_is_there() {
    let server = server();
    let names: BTreeSet<&str> = server.iter().map(layer).collect();
    let gone = LAYERS.iter().filter(|(name, _)| !names.contains(name));
    let gone: Vec<_> = gone.map(|(name, _)| (*name).to_owned()).collect();
    none("A layer that is listed has files", &gone);
}

#[test]
fn modules_of_the_server_never_import_in_a_circle() {
    let mut files = server();
    for file in &mut files {
        if file.path.starts_with("generated/") {
            file.path.insert_str(0, "src/");
        }
    }
    let edges = edges(&files, "src");
    assert!(edges.len() > 1000, "found only {} imports", edges.len());
    none(
        "Modules of one folder import in one direction; put what both need into a module below them",
        &circles(&edges),
    );
}

#[test]
fn modules_of_the_tools_never_import_in_a_circle() {
    let files = files();
    for root in ["loadgen/src", "xtask/src"] {
        let edges = edges(&files, root);
        assert!(
            edges.len() > 20,
            "found only {} imports in {root}",
            edges.len()
        );
        none(
            "Modules of one folder import in one direction",
            &circles(&edges),
        );
    }
}

/// The Rust files of the server, generated ones among them.
fn server() -> Vec<File> {
    let files = files().into_iter();
    files
        .filter(|file| file.is_rust_of("src") || file.is_rust_of("generated"))
        .collect()
}

/// The folder at the top that a file lies in, or the file's own name there.
fn layer(file: &File) -> &str {
    let path = file.path.strip_prefix("src/").unwrap_or(&file.path);
    path.split(['/', '.']).next().unwrap_or_default()
}
