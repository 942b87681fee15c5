//! Insert: one Native block as the body of one statement.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use clickhouse::insert_formatted::{CompressedData, InsertFormatted};
use clickhouse::{Client, Compression};

use super::{Address, ClickHouse, exception, quote};
use crate::contract::Table;
use crate::protobuf::writer::{push_text, push_varint};
use crate::sink::{Fault, StoreError};

/// Time limits for the server to accept bytes, and to answer once it has them all.
const SEND_LIMIT: Duration = Duration::from_secs(30);
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// Execution limit at the server: it gives up when the client doesn't wait any more.
const SERVER_LIMIT_SECONDS: &str = "60";

/// Size of a compression frame, in bytes.
const FRAME: usize = 1 << 20;

/// Setting that makes a Distributed table store rows in its shards before it answers.
pub(super) const FOREGROUND: &str = "distributed_foreground_insert";

/// Settings of every insert, so that neither the server's defaults nor a profile decide.
const SETTINGS: [(&str, &str); 15] = [
    // The answer means that the rows are stored, and reports errors in them.
    ("async_insert", "0"),
    // A misspelt column is an error and doesn't silently get its default.
    ("input_format_skip_unknown_fields", "0"),
    // A column of another type is an error too: some conversions wrap or shift values silently.
    ("input_format_native_allow_types_conversion", "0"),
    // The token deduplicates, also behind materialized views.
    ("insert_deduplicate", "1"),
    ("deduplicate_blocks_in_dependent_materialized_views", "1"),
    // Inserts are deduplicated by block. One body is always one block, neither split nor merged.
    ("max_insert_block_size", "1000000000"),
    ("min_insert_block_size_rows", "0"),
    ("min_insert_block_size_bytes", "0"),
    ("max_insert_threads", "1"),
    // Rows of one key are seldom in one block, and FINAL and merges deduplicate them all the same. Doing it here moves
    // every row once more, which costs more than all the rest if a JSON column has many paths.
    ("optimize_on_insert", "0"),
    // Rows of a Distributed table are in its shards when the insert is answered, and not in a file of one server.
    (FOREGROUND, "1"),
    // Events may be old. Inserts are split so that none has many partitions; the server doesn't limit them.
    ("max_partitions_per_insert_block", "0"),
    // A block that is not stored in time is sent again, under the same token.
    ("max_execution_time", SERVER_LIMIT_SECONDS),
    // More than any block should need. A block that needs more is refused, and bisected: without a limit the server
    // would be killed, with everybody's inserts.
    ("max_memory_usage", "1073741824"),
    // An error must arrive as an HTTP status, so headers must not be sent early.
    ("send_progress_in_http_headers", "0"),
];

/// Settings of inserts that are answered once most replicas of a shard have them. A replica that is too late is an error
/// while the client still waits.
const QUORUM: [(&str, &str); 2] = [
    ("insert_quorum", "auto"),
    ("insert_quorum_timeout", "50000"),
];

/// Inserts into a server: with all settings but those that it doesn't know.
#[derive(Clone)]
pub(super) struct Inserts(Arc<RwLock<Known>>);

struct Known {
    client: Arc<Client>,
    left_out: BTreeSet<&'static str>,
    /// True if most replicas must have a block before it is answered.
    quorum: bool,
}

impl Inserts {
    /// Starts with all settings: the server names an unknown one before it accepts anything.
    pub(super) fn new(client: &Client, address: &Address, quorum: bool) -> Self {
        let left_out = BTreeSet::new();
        let client = Arc::new(configured(client, address, &left_out, quorum));
        Inserts(Arc::new(RwLock::new(Known {
            client,
            left_out,
            quorum,
        })))
    }

    /// Leaves out a setting that the server doesn't know; true if it was not left out before.
    pub(super) fn leave_out(&self, setting: &str) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.left_out.contains(setting)
    }

    fn client(&self) -> Arc<Client> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known.client)
    }
}

/// Client for inserts. Blocks are compressed only over a network: LZ4 halves them and costs the server nothing
/// measurable, but it costs this process.
fn configured(
    client: &Client,
    address: &Address,
    left_out: &BTreeSet<&str>,
    quorum: bool,
) -> Client {
    let mut client = client.clone();
    let quorum: &[(&str, &str)] = if quorum { &QUORUM } else { &[] };
    for (name, value) in SETTINGS.iter().chain(quorum).copied() {
        if !left_out.contains(name) {
            client = client.with_setting(name, value);
        }
    }
    if address.is_loopback() {
        client
    } else {
        client.with_compression(Compression::Lz4)
    }
}

impl ClickHouse {
    /// Sends one block, in pieces. The body of a repeated insert is the same to the byte.
    pub(super) async fn insert<B>(
        &self,
        table: &Table,
        block: impl Fn() -> B + Send + Sync,
        token: Option<&str>,
    ) -> Result<(), StoreError>
    where
        B: Iterator<Item = Bytes> + Send,
    {
        if let Some(why) = self.shut(table) {
            return Err(self.misfit(table, &why));
        }
        loop {
            let client = self.inserts.client();
            let error = match self.insert_by(&client, table, block(), token).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !self.leave_out_unknown(&client, &error) {
                return Err(error);
            }
        }
    }

    /// Leaves a setting out from now on, if an insert by `used` failed because the server doesn't know it. False if it
    /// failed for another reason.
    fn leave_out_unknown(&self, used: &Arc<Client>, error: &StoreError) -> bool {
        let names = SETTINGS.iter().map(|(name, _)| *name);
        let Some(setting) = exception::unknown_setting(error, names) else {
            return false;
        };
        let Inserts(known) = &self.inserts;
        let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
        // Another insert may have found it out meanwhile.
        if Arc::ptr_eq(used, &known.client) {
            tracing::warn!(
                setting,
                server = %self.address,
                "This ClickHouse server doesn't know a setting of inserts; it is left out."
            );
            known.left_out.insert(setting);
            let client = configured(&self.client, &self.address, &known.left_out, known.quorum);
            known.client = Arc::new(client);
        }
        true
    }

    async fn insert_by(
        &self,
        client: &Client,
        table: &Table,
        block: impl Iterator<Item = Bytes> + Send,
        token: Option<&str>,
    ) -> Result<(), StoreError> {
        let name = quote::table(self.address.database(), &self.stored(table));
        let columns = quote::columns(table);
        let mut insert = client
            .insert_formatted_with(format!("INSERT INTO {name} ({columns}) FORMAT Native"))
            .with_timeouts(Some(SEND_LIMIT), Some(ANSWER_LIMIT));
        if let Some(token) = token {
            insert = insert
                .with_setting("insert_deduplication_token", token)
                .with_setting("log_comment", token);
        }
        let mut sent = Ok(());
        for piece in block {
            sent = if self.address.is_loopback() {
                insert.send(piece).await
            } else {
                send_compressed(&mut insert, piece).await?
            };
            if sent.is_err() {
                break;
            }
        }
        // Without its end the insert is incomplete: if this is dropped, the body is interrupted and refused.
        let done = match sent {
            Ok(()) => insert.end().await,
            Err(error) => Err(error),
        };
        done.map_err(|error| exception::judge(&error))
    }
}

async fn send_compressed(
    insert: &mut InsertFormatted,
    piece: Bytes,
) -> Result<clickhouse::error::Result<()>, StoreError> {
    for frame in compressed(piece).await? {
        if let Err(error) = insert.send_compressed(frame).await {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

/// Empty block: an insert of it stores nothing, but is refused as any other would be.
pub(super) fn empty_block(table: &Table) -> Bytes {
    let mut block = Vec::new();
    push_varint(&mut block, table.columns.len() as u64);
    push_varint(&mut block, 0);
    for column in table.columns {
        push_text(&mut block, column.name);
        push_text(&mut block, column.ty);
    }
    block.into()
}

/// Compresses on a thread that serves no connections.
async fn compressed(block: Bytes) -> Result<Vec<CompressedData>, StoreError> {
    let frames = tokio::task::spawn_blocking(move || {
        block
            .chunks(FRAME)
            .map(|frame| CompressedData::new(frame, Compression::Lz4))
            .collect::<Result<Vec<_>, _>>()
    });
    match frames.await {
        Ok(Ok(frames)) => Ok(frames),
        Ok(Err(error)) => Err(exception::judge(&error)),
        Err(error) => Err(exception::failed(
            Fault::Transient,
            format!("the block could not be compressed: {error}"),
        )),
    }
}
