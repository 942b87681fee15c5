//! Options that name the ClickHouse server in which stored events are looked for.

use anyhow::Context as _;
use event_grpc::sink::clickhouse::{Address, ClickHouse};

/// Address of ClickHouse. The variables are those of the server.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ClickHouseArgs {
    /// ClickHouse over HTTP, as in http://user:password@host:8123/database.
    #[arg(
        long,
        env = "EVENT_GRPC_CLICKHOUSE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    clickhouse_url: Option<String>,
    /// ClickHouse user, if the URL names none.
    #[arg(long, env = "EVENT_GRPC_CLICKHOUSE_USER", value_name = "NAME")]
    clickhouse_user: Option<String>,
    /// Password of the ClickHouse user, if the URL has none; from the environment only.
    #[arg(skip = std::env::var("EVENT_GRPC_CLICKHOUSE_PASSWORD").ok())]
    clickhouse_password: Option<String>,
}

impl ClickHouseArgs {
    /// Client for the server, if one is named.
    pub(crate) fn client(&self) -> anyhow::Result<Option<ClickHouse>> {
        let Some(url) = &self.clickhouse_url else {
            return Ok(None);
        };
        let address = Address::parse(url).context("--clickhouse-url")?;
        let address = address.with_account(
            self.clickhouse_user.clone(),
            self.clickhouse_password.clone(),
        );
        Ok(Some(ClickHouse::new(address)?))
    }
}
