//! Rights in the embedded ClickHouse: no account reaches files, other hosts, programs or other accounts.

use std::fs;
use std::net::TcpListener;

use event_grpc::sink::clickhouse::engine::Engine;
use http::Method;

use super::{config, fill};
use crate::http::{Answer, request};
use crate::support::server::reader;

/// A file's text that no answer may hold.
const CANARY: &str = "canary-of-a-file";

/// Statements that nobody may run. FILE, OUT and PORT stand for a file with the canary, one that must not be made, and a
/// port that must get no connection.
const FORBIDDEN: &[&str] = &[
    // Files.
    "SELECT * FROM file('FILE', LineAsString)",
    "SELECT file('FILE')",
    "SELECT file('FILE', 'missing') AS text WHERE text != 'missing'",
    "SELECT * FROM `FILE`",
    "SELECT * FROM default.`FILE`",
    "SELECT * FROM filesystem('FILE')",
    "SELECT * FROM url('file://FILE', LineAsString)",
    "SELECT * FROM view(SELECT * FROM file('FILE', LineAsString))",
    "SELECT * FROM loop(file('FILE', LineAsString)) LIMIT 1",
    "SELECT * FROM sqlite('FILE', 't')",
    "SELECT * FROM icebergLocal('FILE')",
    "SELECT * FROM deltaLakeLocal('FILE')",
    "SELECT 1 FORMAT Template SETTINGS format_template_resultset = 'FILE'",
    "SELECT 1 FORMAT Protobuf SETTINGS format_schema = 'FILE:Row'",
    "SELECT * FROM format(Protobuf, '') SETTINGS format_schema = 'FILE:Row'",
    "SELECT catboostEvaluate('FILE', 1)",
    "INSERT INTO FUNCTION file('OUT', CSV, 'x String') VALUES ('x')",
    "INSERT INTO FUNCTION sqlite('OUT', 't') VALUES ('x')",
    "SELECT 1 INTO OUTFILE 'OUT'",
    "CREATE TABLE shop.f (x String) ENGINE = File(LineAsString, 'FILE')",
    "CREATE TEMPORARY TABLE f (x String) ENGINE = File(LineAsString, 'FILE')",
    "CREATE TABLE shop.f (x String) ENGINE = FileLog('FILE', 'LineAsString')",
    "CREATE TABLE shop.f (x String) ENGINE = SQLite('FILE', 't')",
    "CREATE TABLE shop.f (x UInt8) ENGINE = MergeTree ORDER BY x SETTINGS disk = disk(type = 'local', path = 'OUT/')",
    "ATTACH TABLE shop.f FROM 'OUT' (x UInt8) ENGINE = MergeTree ORDER BY x",
    "CREATE DATABASE f ENGINE = Filesystem('/')",
    "CREATE DATABASE f ENGINE = SQLite('FILE')",
    "CREATE DICTIONARY shop.d (x String) PRIMARY KEY x SOURCE(FILE(PATH 'FILE' FORMAT CSV)) LAYOUT(FLAT()) LIFETIME(1)",
    "BACKUP TABLE shop.orders TO File('OUT')",
    "BACKUP TABLE shop.orders TO Disk('default', 'OUT')",
    "RESTORE TABLE shop.f FROM File('FILE')",
    "ALTER TABLE shop.orders FREEZE",
    // Other hosts.
    "SELECT * FROM url('http://127.0.0.1:PORT/', LineAsString)",
    "INSERT INTO FUNCTION url('http://127.0.0.1:PORT/', CSV, 'x String') VALUES ('x')",
    "SELECT * FROM s3('http://127.0.0.1:PORT/bucket/x', CSV, 'x String')",
    "SELECT * FROM gcs('http://127.0.0.1:PORT/bucket/x', CSV, 'x String')",
    "SELECT * FROM hdfs('hdfs://127.0.0.1:PORT/x', CSV, 'x String')",
    "SELECT * FROM azureBlobStorage('http://127.0.0.1:PORT/', 'a', 'b')",
    "SELECT * FROM remote('127.0.0.1:PORT', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM mysql('127.0.0.1:PORT', 'a', 'b', 'c', 'd')",
    "SELECT * FROM postgresql('127.0.0.1:PORT', 'a', 'b', 'c', 'd')",
    "SELECT * FROM mongodb('127.0.0.1:PORT', 'a', 'b', 'c', 'd', 'x Int8')",
    "SELECT * FROM redis('127.0.0.1:PORT', 'k', 'k Int8')",
    "SELECT * FROM odbc('x', 'y')",
    "SELECT * FROM jdbc('x', 'y')",
    "CREATE TABLE shop.f (x String) ENGINE = URL('http://127.0.0.1:PORT/', CSV)",
    "CREATE TABLE shop.f (x String) ENGINE = Kafka('127.0.0.1:PORT', 't', 'g', 'CSV')",
    "CREATE TABLE shop.f (x String) ENGINE = Distributed('c', 'd', 'e')",
    "CREATE TABLE shop.f (x UInt8) ENGINE = MergeTree ORDER BY x SETTINGS disk = disk(type = 'web', endpoint = 'http://127.0.0.1:PORT/')",
    "CREATE DATABASE f ENGINE = MySQL('127.0.0.1:PORT', 'a', 'b', 'c')",
    "CREATE DATABASE f ENGINE = PostgreSQL('127.0.0.1:PORT', 'a', 'b', 'c')",
    "CREATE NAMED COLLECTION f AS url = 'http://127.0.0.1:PORT/'",
    // Programs.
    "SELECT * FROM executable('ls', LineAsString, 'x String')",
    "SELECT * FROM executable('../../../bin/ls', LineAsString, 'x String')",
    "CREATE TABLE shop.f (x String) ENGINE = Executable('ls', LineAsString)",
    "CREATE FUNCTION f AS (x) -> x",
    "SELECT addressToLine(1) SETTINGS allow_introspection_functions = 1",
    "SELECT addressToSymbol(1) SETTINGS allow_introspection_functions = 1",
    "SELECT * FROM system.stack_trace",
    // The server.
    "SYSTEM SHUTDOWN",
    "SYSTEM KILL",
    "SYSTEM SUSPEND FOR 1 SECOND",
    "SYSTEM STOP LISTEN HTTP",
    "SYSTEM START LISTEN MYSQL",
    "SYSTEM RELOAD CONFIG",
    "SYSTEM RELOAD USERS",
    "SELECT * FROM system.server_settings",
    "SELECT * FROM system.processes",
    "KILL QUERY WHERE 1",
    // Accounts.
    "CREATE USER f IDENTIFIED WITH no_password",
    "ALTER USER event_grpc IDENTIFIED WITH no_password",
    "GRANT ALL ON *.* TO reader",
    "CREATE ROLE f",
    "CREATE SETTINGS PROFILE f",
    "EXECUTE AS default SELECT 1",
    "SELECT * FROM system.users",
    "SHOW CREATE USER event_grpc",
];

/// Statements that the reader may not run beside those.
const WRITES: &[&str] = &[
    "INSERT INTO shop.orders VALUES (1, 'x')",
    "CREATE TABLE shop.f (x UInt8) ENGINE = MergeTree ORDER BY x",
    "CREATE TEMPORARY TABLE f (x UInt8)",
    "CREATE DATABASE f",
    "DROP TABLE shop.orders",
    "TRUNCATE TABLE shop.orders",
    "ALTER TABLE shop.orders ADD COLUMN f UInt8",
    "ALTER TABLE shop.orders DELETE WHERE 1",
    "DELETE FROM shop.orders WHERE 1",
    "OPTIMIZE TABLE shop.orders",
    "RENAME TABLE shop.orders TO shop.f",
    "SET readonly = 0",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT 1 SETTINGS readonly = 2",
    "SELECT 1 SETTINGS max_memory_usage = 100000000000",
    "SELECT 1 SETTINGS max_execution_time = 0",
    "SELECT 1 SETTINGS max_execution_time = 61",
    "SELECT 1 SETTINGS max_threads = 1000",
    "SELECT 1 SETTINGS max_rows_to_read = 0",
    "SELECT 1 SETTINGS add_http_cors_header = 1",
    // More than one tool may take.
    "SELECT sum(number) FROM numbers(3000000000)",
    "SELECT length(groupArray(number)) FROM numbers(1000000000)",
];

async fn ask(engine: &Engine, account: &(String, String), query: &str, sql: &str) -> Answer {
    let headers = [
        ("x-clickhouse-user", account.0.as_str()),
        ("x-clickhouse-key", account.1.as_str()),
    ];
    let url = format!("{}/{query}", engine.url());
    request(Method::POST, &url, &headers, sql.to_owned()).await
}

#[tokio::test]
async fn no_account_reaches_files_other_hosts_programs_or_accounts() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let engine = Engine::start(&config(&data)).await.unwrap();
    fill(&engine).await;
    let file = directory.path().join("canary.csv");
    fs::write(&file, format!("{CANARY}\n")).unwrap();
    let out = directory.path().join("out");
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let port = elsewhere.local_addr().unwrap().port().to_string();

    let server = (engine.user().to_owned(), engine.password().to_owned());
    for account in [server, reader(&data)] {
        for template in FORBIDDEN {
            let sql = template
                .replace("FILE", file.to_str().unwrap())
                .replace("OUT", out.to_str().unwrap())
                .replace("PORT", &port);
            let answer = ask(&engine, &account, "", &sql).await;
            // A few statements are no error but have nothing to tell.
            let told = answer.status == 200 && !answer.text.is_empty();
            assert!(!told, "{}: {template}\n{answer:?}", account.0);
            assert!(!answer.text.contains(CANARY), "{template}\n{answer:?}");
        }
    }
    assert!(!out.exists());
    assert!(
        elsewhere.accept().is_err(),
        "a statement connected elsewhere"
    );
    let left = "SELECT arraySort(groupArray(name)) FROM system.databases WHERE name NOT ILIKE '%schema' AND name != 'system'";
    let left: Vec<String> = super::client(&engine)
        .query(left)
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(left, ["default", "shop"]);
    let tables = "SELECT groupArray(name) FROM system.tables WHERE database IN ('shop', 'default')";
    let tables: Vec<String> = super::client(&engine)
        .query(tables)
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(tables, ["orders"]);
    engine.stop().await.unwrap();
}

#[tokio::test]
async fn tools_read_tables_within_limits_and_change_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let engine = Engine::start(&config(directory.path())).await.unwrap();
    fill(&engine).await;
    let tools = reader(directory.path());
    for sql in WRITES {
        let answer = ask(&engine, &tools, "", sql).await;
        assert_ne!(answer.status, 200, "{sql}\n{answer:?}");
    }
    for query in [
        "?readonly=0",
        "?max_execution_time=0",
        "?max_memory_usage=0",
    ] {
        let answer = ask(&engine, &tools, query, "SELECT 1").await;
        assert_ne!(answer.status, 200, "{query}\n{answer:?}");
    }
    // What drivers set, and ask for.
    let usual = "?database=shop&default_format=TSV&max_execution_time=10&max_result_rows=1000&result_overflow_mode=break&final=1";
    for (sql, wanted) in [
        ("SELECT count(), sum(id) FROM orders", "10000\t49995000\n"),
        ("SHOW TABLES", "orders\n"),
        (
            "SELECT name FROM system.columns WHERE table = 'orders'",
            "id\nname\n",
        ),
        (
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop'",
            "orders\n",
        ),
        (
            "SELECT name FROM system.databases WHERE name = 'shop'",
            "shop\n",
        ),
    ] {
        let answer = ask(&engine, &tools, usual, sql).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (200, wanted),
            "{sql}"
        );
    }
    engine.stop().await.unwrap();
}
