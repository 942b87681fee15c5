//! Options of the embedded engine.

/// Options of the embedded engine beside its data and its program.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct EngineArgs {
    /// HTTP port of the embedded ClickHouse on the loopback address. If not given, a free one is chosen at each start.
    #[arg(
        long,
        env = "EVENT_GRPC_ENGINE_PORT",
        value_parser = clap::value_parser!(u16).range(1..),
        value_name = "PORT"
    )]
    pub(super) engine_port: Option<u16>,
    /// Apply this migration to the embedded ClickHouse, which drops what is stored in a table or a column; may be repeated.
    #[arg(
        long = "engine-drop",
        env = "EVENT_GRPC_ENGINE_DROP",
        value_delimiter = ',',
        value_name = "MIGRATION"
    )]
    pub(super) engine_drop: Vec<String>,
}
