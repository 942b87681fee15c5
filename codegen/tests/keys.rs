//! The SQL of keys, partitions and engines: what is accepted and what is refused, line by line of `sql/keys.txt`.
//!
//! What a real ClickHouse says of the same lines is held by `tests/it/clickhouse/keys.rs`.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

/// A line of `sql/keys.txt`.
struct Line<'a> {
    place: &'a str,
    verdict: &'a str,
    server: &'a str,
    sql: &'a str,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let word = |line: &mut &str| -> usize {
        *line = line.trim_start();
        line.find(' ').unwrap()
    };
    lines
        .map(|line| {
            let mut rest = line;
            let mut take = || {
                let end = word(&mut rest);
                let (first, behind) = rest.split_at(end);
                rest = behind;
                first
            };
            let (place, verdict, server) = (take(), take(), take());
            let sql = rest.trim();
            Line {
                place,
                verdict,
                server,
                sql,
            }
        })
        .collect()
}

/// The codes of the mistakes of a pipeline with this key, partition or engine.
fn codes(project: &Path, pipeline: &str, line: &Line<'_>) -> Vec<&'static str> {
    let quoted = format!("'{}'", line.sql.replace('\'', "''"));
    let of = |place: &str, usual: &str| match line.place == place {
        true => quoted.clone(),
        false => usual.to_owned(),
    };
    let text = pipeline
        .replace("ENGINE", &of("engine", "ReplacingMergeTree(stored_at)"))
        .replace("PARTITION", &of("partition", "none"))
        .replace("KEY", &of("key", "title"));
    // As the usual key, the column is not there twice.
    let text = text.replace("[name, 'title', id]", "[name, title, id]");
    fs::write(project.join("pipeline.yaml"), text).unwrap();
    let (model, _) = event_grpc_codegen::load(project);
    let mut codes: Vec<_> = model
        .err()
        .unwrap_or_default()
        .iter()
        .map(|d| d.code)
        .collect();
    codes.dedup();
    codes
}

#[test]
fn each_line_of_sql_is_accepted_or_refused_as_listed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sql");
    let project = tempfile::tempdir().unwrap();
    fs::create_dir(project.path().join("proto")).unwrap();
    fs::copy(
        folder.join("proto/rows.proto"),
        project.path().join("proto/rows.proto"),
    )
    .unwrap();
    let pipeline = fs::read_to_string(folder.join("pipeline.yaml")).unwrap();
    let text = fs::read_to_string(folder.join("keys.txt")).unwrap();
    let lines = lines(&text);
    assert!(lines.len() > 250, "{} lines", lines.len());
    let mut wrong = Vec::new();
    for line in &lines {
        let codes = codes(project.path(), &pipeline, line);
        let expected: &[&str] = match line.verdict {
            "ok" => &[],
            code => &[code],
        };
        if codes != expected {
            let (place, sql) = (line.place, line.sql);
            wrong.push(format!("{place} {sql}: {codes:?}, not {expected:?}"));
        }
        if line.verdict == "ok" && line.server != "ok" {
            wrong.push(format!("{}: accepted, and ClickHouse refuses it", line.sql));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
