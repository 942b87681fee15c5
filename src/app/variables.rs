//! Variables of the environment that are no options: passwords, what `pipeline.yaml` names, and what belongs to a source.

use crate::contract::{Database, Intake, Pipeline};
use crate::ingest::{cors, pool};

/// What is behind a variable's name in the name of the variable that names a file instead.
pub const FILE: &str = "_FILE";

/// Token of operations.
pub const OPS_TOKEN: &str = "EVENT_GRPC_OPS_TOKEN";

/// Password of ClickHouse.
pub const CLICKHOUSE_PASSWORD: &str = "EVENT_GRPC_CLICKHOUSE_PASSWORD";

/// Password of PostgreSQL.
pub const POSTGRES_PASSWORD: &str = "EVENT_GRPC_POSTGRES_PASSWORD";

/// Password of Kafka.
pub const KAFKA_PASSWORD: &str = "EVENT_GRPC_KAFKA_PASSWORD";

/// Write key that `event-grpc send` shows.
pub const KEY: &str = "EVENT_GRPC_KEY";

/// Headers that a collector of traces asks for.
pub const TRACE_HEADERS: &str = "EVENT_GRPC_TRACE_HEADERS";

/// Variable of the environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable {
    /// Name.
    pub name: String,
    /// True if it holds a secret.
    pub secret: bool,
}

/// All variables that are no options, for a pipeline.
pub fn all(pipeline: &Pipeline) -> Vec<Variable> {
    let mut found = Vec::new();
    let secrets_of_ours = [
        CLICKHOUSE_PASSWORD,
        POSTGRES_PASSWORD,
        KAFKA_PASSWORD,
        TRACE_HEADERS,
    ];
    for name in secrets_of_ours {
        found.extend(of_secret(name));
    }
    found.extend([OPS_TOKEN, KEY].map(|name| variable(name, true)));
    found.push(variable(crate::sink::requests::REQUESTS_CA, false));
    for name in secrets(pipeline) {
        found.extend(of_secret(&name));
    }
    let servers = pipeline.databases.iter().map(|database| database.server);
    for server in servers.filter(|server| *server != Database::MAIN) {
        for what in ["URL", "PASSWORD"] {
            found.extend(of_secret(&of_server(what, server)));
        }
        for what in ["USER", "CA", "CERT", "KEY"] {
            found.push(variable(of_server(what, server), false));
        }
    }
    for source in pipeline.sources {
        let sizes = pool::variables(source);
        found.extend(sizes.map(|name| variable(name, false)));
        found.push(variable(cors::variable_of(source.name), false));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Variable of a further ClickHouse server: its URL, for example.
pub fn of_server(what: &str, server: &str) -> String {
    format!(
        "EVENT_GRPC_CLICKHOUSE_{what}_{}",
        server.to_ascii_uppercase()
    )
}

/// A variable that holds a secret, and the one that names a file with it.
pub fn of_secret(name: &str) -> [Variable; 2] {
    [
        variable(name, true),
        variable(format!("{name}{FILE}"), false),
    ]
}

fn variable(name: impl Into<String>, secret: bool) -> Variable {
    let name = name.into();
    Variable { name, secret }
}

/// Variables of a pipeline that hold secrets.
pub(super) fn secrets(pipeline: &Pipeline) -> Vec<String> {
    let verified = pipeline.sources.iter().filter_map(|s| match &s.intake {
        Intake::Post { verify, .. } => verify.as_ref(),
        Intake::Grpc { .. } => None,
    });
    let mut names: Vec<String> = verified
        .flat_map(|verify| {
            let previous = format!("{}_PREVIOUS", verify.variable);
            [verify.variable.to_owned(), previous]
        })
        .collect();
    let targets = pipeline.requests.iter().flat_map(|r| r.targets);
    names.extend(targets.flat_map(|t| t.variables()).map(str::to_owned));
    names.sort_unstable();
    names.dedup();
    names
}
