//! Inserts of the same rows in each format into ClickHouse: the cost of encoding for the client, and of storing for the
//! server.

use std::time::{Duration, Instant};

use bytes::Bytes;
use clickhouse::{Client, Compression};
use event_grpc::contract::Block;
use event_grpc::sink::clickhouse::{Address, ClickHouse};
use event_grpc_loadgen::pattern::Mix;
use event_grpc_loadgen::process;

use crate::format::{FORMATS, Format};
use crate::round::{Line, ROUNDS, table, thread_cpu};
use crate::{Server, rows};

/// Rows of an insert: as many as a batch in service has.
const ROWS: u64 = 50_000;
/// Inserts of a round; ten for each format in all.
const INSERTS: u64 = 2;
const REQUESTS: u64 = ROWS / rows::EVENTS as u64;

/// Settings of the server's own inserts: one insert is one block, stored when it is answered, and one part.
const SETTINGS: [(&str, &str); 7] = [
    ("async_insert", "0"),
    ("insert_deduplicate", "1"),
    ("max_insert_block_size", "1000000000"),
    ("min_insert_block_size_rows", "0"),
    ("min_insert_block_size_bytes", "0"),
    ("max_insert_threads", "1"),
    ("optimize_on_insert", "0"),
];

const HEADINGS: [&str; 4] = [
    "bytes a row",
    "client CPU µs a row",
    "server CPU µs a row",
    "rows/s",
];

/// Measures all formats in turn, and gives the table.
pub(crate) async fn measure(server: &Server) -> String {
    let address = Address::parse(&server.url).unwrap();
    let store = ClickHouse::new(address).unwrap();
    for format in FORMATS {
        let database = database(format);
        let create = format!("CREATE DATABASE {database}");
        store.run(None, &create).await.unwrap();
        let ddl = rows::table("event").ddl;
        store.run(Some(&database), ddl).await.unwrap();
    }
    store.run(None, "SYSTEM STOP MERGES").await.unwrap();

    let mut lines = FORMATS.map(|format| Line {
        name: format.name().to_owned(),
        rounds: Vec::new(),
    });
    let mut block = Block::new(rows::table("event"));
    let now_ms = chrono::Utc::now().timestamp_millis();
    for round in 0..ROUNDS as u64 {
        let insert = |number: u64| {
            let first = (round * INSERTS + number) * REQUESTS;
            rows::requests(Mix::Shop, first..first + REQUESTS)
        };
        let inserts: Vec<Vec<Bytes>> = (0..INSERTS).map(insert).collect();
        for (format, line) in FORMATS.into_iter().zip(&mut lines) {
            let client = client(server, format);
            let mut taken = Taken::default();
            for (requests, number) in inserts.iter().zip(round * INSERTS..) {
                let token = format!("{format:?}-{number}");
                let begun = (Instant::now(), thread_cpu());
                let bytes = format.encode(&mut block, requests, now_ms);
                taken.client += thread_cpu() - begun.1;
                taken.bytes += bytes.len();
                let cpu = process::cpu(server.pid).unwrap();
                send(&client, format, bytes, &token).await;
                taken.server += process::cpu(server.pid).unwrap() - cpu;
                taken.time += begun.0.elapsed();
            }
            line.rounds.push(taken.figures(format));
        }
    }
    check(&store).await;
    let what = format!("{ROWS} rows an insert");
    table(&what, &HEADINGS, &lines)
}

/// Cost of the inserts of a round.
#[derive(Default)]
struct Taken {
    bytes: usize,
    client: f64,
    server: f64,
    time: Duration,
}

impl Taken {
    fn figures(&self, format: Format) -> Vec<f64> {
        let rows = (ROWS * INSERTS) as f64;
        let ours = |figure: f64| match format {
            // It is made from what another format needs, so that its making says nothing.
            Format::NativeWithText => f64::NAN,
            _ => figure,
        };
        vec![
            self.bytes as f64 / rows,
            ours(self.client * 1e6 / rows),
            self.server * 1e6 / rows,
            ours(rows / self.time.as_secs_f64()),
        ]
    }
}

/// Each format has a database of its own, with the table by its usual name.
fn database(format: Format) -> String {
    format!("bench_{format:?}").to_lowercase()
}

fn client(server: &Server, format: Format) -> Client {
    let mut client = Client::default()
        .with_url(&server.url)
        .with_database(database(format))
        .with_compression(Compression::None);
    for (name, value) in SETTINGS {
        client = client.with_setting(name, value);
    }
    for (name, value) in format.settings() {
        client = client.with_setting(name, value);
    }
    client
}

async fn send(client: &Client, format: Format, bytes: Bytes, token: &str) {
    let mut insert = client
        .insert_formatted_with(format.statement())
        .with_setting("insert_deduplication_token", token);
    insert.send(bytes).await.unwrap();
    insert.end().await.unwrap();
}

#[derive(Debug, PartialEq, clickhouse::Row, serde::Deserialize)]
struct Stored {
    rows: u64,
    parts: u64,
    sum: u64,
}

/// All formats must have stored the same rows, in as many parts. Of the payloads one field is compared: texts don't tell
/// a map from an object, nor one width of a number from another.
async fn check(store: &ClickHouse) {
    let mut first = None;
    for format in FORMATS {
        let sql = format!(
            "SELECT count() AS rows, uniqExact(_part) AS parts, \
             sum(cityHash64(* EXCEPT event_params, toString(event_params.cartId))) AS sum FROM {}.event",
            database(format)
        );
        let stored: Stored = store.rows(&sql).await.unwrap().remove(0);
        assert_eq!(
            (stored.rows, stored.parts),
            (ROWS * INSERTS * ROUNDS as u64, INSERTS * ROUNDS as u64),
            "{format:?}"
        );
        assert_eq!(
            *first.get_or_insert(stored.sum),
            stored.sum,
            "{format:?} stored other rows than {:?}",
            FORMATS[0]
        );
    }
}
