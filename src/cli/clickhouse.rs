//! `event-grpc clickhouse`: how to query the embedded ClickHouse of a running instance.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::say;
use crate::app::EMBEDDED_DATABASE;
use crate::sink::clickhouse::engine::accounts::{self, READER, SERVER};
use crate::sink::clickhouse::engine::endpoint::Endpoint;

/// Show how to query the embedded ClickHouse of a running instance: its address, its read-only user, and where the
/// password is.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Data directory of the instance.
    #[arg(
        long,
        env = "EVENT_GRPC_DATA",
        default_value = "data",
        value_name = "DIR"
    )]
    data: PathBuf,
}

/// Prints it; fails if no instance runs, or the user may not read its password.
pub(super) async fn run(args: Args) -> anyhow::Result<bool> {
    let endpoint = endpoint(&args.data)?;
    let password = accounts::reader_file(&args.data);
    // Who can't read it is told so here, and not by the first command.
    std::fs::read(&password).with_context(|| {
        format!(
            "can't read the password in {}; only the user that runs the instance may",
            password.display()
        )
    })?;
    let operator = accounts::server_file(&args.data);
    say(&instructions(endpoint, &password, &operator));
    Ok(true)
}

fn endpoint(data: &Path) -> anyhow::Result<Endpoint> {
    let hint = "--data is the data directory of an instance without --clickhouse-url";
    match Endpoint::of_running(data) {
        Ok(Some(endpoint)) => Ok(endpoint),
        Ok(None) => bail!(
            "no instance with an embedded ClickHouse runs with the data directory {}; {hint}",
            data.display()
        ),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("{} is no data directory; {hint}", data.display())
        }
        Err(error) => Err(error).with_context(|| format!("can't look into {}", data.display())),
    }
}

/// Example of a query for a shell, for the instance with this data directory.
pub(super) fn example(data: &Path) -> anyhow::Result<String> {
    Ok(curl(endpoint(data)?, &accounts::reader_file(data)))
}

/// Example with the password on no command line.
fn curl(endpoint: Endpoint, password: &Path) -> String {
    let file = quoted(password);
    let url = endpoint.url();
    format!(
        "sed 's/.*/user = \"{READER}:&\"/' {file} | curl -s -K - '{url}/?database={EMBEDDED_DATABASE}' --data-binary \\\n    \
         'SELECT insert_timestamp, event_name, event_id, event_params FROM event FINAL ORDER BY 1 DESC LIMIT 5'"
    )
}

fn instructions(endpoint: Endpoint, password: &Path, operator: &Path) -> String {
    let (url, file, address) = (endpoint.url(), quoted(password), endpoint.address());
    let (host, port) = (address.ip(), address.port());
    format!(
        "URL       {url}
database  {EMBEDDED_DATABASE}, beside those that pipeline.yaml names
user      {READER}, who may read tables and nothing else, within limits of time and memory
password  in {file}

In a shell:
  {}

Grafana   the data source ClickHouse: server address {host}, port {port}, protocol HTTP, user {READER}
DBeaver   jdbc:clickhouse://{address}/{EMBEDDED_DATABASE}, user {READER}

The operator's commands that change something (dlq discard, reprocess) use the account of the instance:
  export EVENT_GRPC_CLICKHOUSE_URL={url}/{EMBEDDED_DATABASE} EVENT_GRPC_CLICKHOUSE_USER={SERVER}
  export EVENT_GRPC_CLICKHOUSE_PASSWORD=\"$(cat {operator})\"

The native protocol of `clickhouse client` is not served.

The reader's password stays. That of {SERVER} is another one after each start, and so is the port, unless the instance
has --engine-port.",
        curl(endpoint, password),
        operator = quoted(operator)
    )
}

/// Path as a shell reads it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_path_is_quoted_for_a_shell() {
        assert_eq!(quoted(Path::new("a'b c")), r"'a'\''b c'");
    }

    #[test]
    fn without_an_instance_the_error_says_where_it_was_looked_for() {
        let directory = tempfile::tempdir().unwrap();
        let missing = endpoint(&directory.path().join("none")).unwrap_err();
        assert!(
            missing.to_string().contains("is no data directory"),
            "{missing}"
        );
        std::fs::write(directory.path().join("server.lock"), "").unwrap();
        let ended = endpoint(directory.path()).unwrap_err();
        assert!(ended.to_string().contains("no instance"), "{ended}");
    }
}
