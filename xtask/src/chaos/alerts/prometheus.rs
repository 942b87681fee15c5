//! Prometheus of Debian's package, with the generated rules on a faster clock.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::http::request;
use crate::services::{Keep, Kept, install, ports};

/// How long something has to be so before its alert fires, in place of minutes and hours.
const FOR: &str = "3s";

/// Range of rates and increases, in place of minutes and hours.
const RANGE: &str = "[20s]";

/// What the names of all alerts begin with.
const PREFIX: &str = "EventGrpc";

/// Alerts about the machine that this runs on, whose disk may be full and whose processors may be busy.
const OF_THE_MACHINE: [&str; 2] = ["DiskFull", "Busy"];

/// Time limit until it answers.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Running Prometheus.
pub(super) struct Prometheus {
    port: u16,
    _kept: Kept,
}

impl Prometheus {
    /// Starts it in a directory; it scrapes the operations ports of instances every second.
    pub(super) fn start(root: &Path, directory: &Path, instances: &[u16]) -> Result<Self> {
        let directory = directory.join("prometheus");
        fs::create_dir(&directory)?;
        let generated = root.join("generated/ops");
        let mut rules = vec![generated.join("recording.yaml")];
        for file in fs::read_dir(generated.join("alerts"))? {
            rules.push(file?.path());
        }
        for file in &rules {
            let name = file.file_name().context("a file has a name")?;
            let text = fs::read_to_string(file)?;
            fs::write(directory.join(name), faster(&text))?;
        }
        let targets: Vec<String> = (instances.iter())
            .map(|port| format!("127.0.0.1:{port}"))
            .collect();
        // JSON is YAML.
        let config = json!({
            "global": { "scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s" },
            "rule_files": ["*.yaml"],
            "scrape_configs": [{ "job_name": "event-grpc", "static_configs": [{ "targets": targets }] }],
        });
        fs::write(directory.join("prometheus.yml"), config.to_string())?;
        let port = ports::free()?;
        let program = install::prometheus_program("prometheus");
        let mut command = Command::new(program.context("prometheus is not installed")?);
        command.current_dir(&directory).args([
            "--config.file=prometheus.yml",
            "--storage.tsdb.path=data",
            "--query.lookback-delta=10s",
            "--log.level=warn",
            &format!("--web.listen-address=127.0.0.1:{port}"),
        ]);
        let keep = Keep {
            name: "Prometheus",
            signal: "TERM",
            directory: None,
            log: Some(&directory.join("log")),
        };
        let mut kept = Kept::spawn(&keep, &command)?;
        kept.wait_until(START_LIMIT, || {
            request("GET", port, "/-/ready", &[], "").is_ok_and(|(status, _)| status == 200)
        })?;
        Ok(Prometheus { port, _kept: kept })
    }

    /// Names of the alerts that fire, without their prefix, and without those about the machine.
    pub(super) fn firing(&self) -> Result<BTreeSet<String>> {
        let (_, answer) = request("GET", self.port, "/api/v1/alerts", &[], "")?;
        // The body may come in chunks, each with its length on a line of its own.
        let body: String = answer
            .lines()
            .filter(|line| line.len() > 8 || !line.chars().all(|c| c.is_ascii_hexdigit()))
            .collect();
        let answer: Value = serde_json::from_str(&body).context("Prometheus' alerts")?;
        let alerts = answer["data"]["alerts"].as_array();
        let firing = alerts
            .into_iter()
            .flatten()
            .filter(|a| a["state"] == "firing");
        let names = firing.filter_map(|alert| alert["labels"]["alertname"].as_str());
        let short = names.map(|name| name.strip_prefix(PREFIX).unwrap_or(name));
        let meant = short.filter(|name| !OF_THE_MACHINE.contains(name));
        Ok(meant.map(str::to_owned).collect())
    }
}

/// Rules with all times of `for` and all ranges replaced by short ones.
fn faster(rules: &str) -> String {
    let mut text = String::new();
    for line in rules.lines() {
        if let Some((indent, _)) = line
            .split_once("for: ")
            .filter(|(i, _)| i.trim().is_empty())
        {
            text.push_str(&format!("{indent}for: {FOR}\n"));
            continue;
        }
        let mut rest = line;
        while let Some((before, range)) = rest.split_once('[') {
            let (range, after) = range.split_once(']').unwrap_or((range, ""));
            let is_time = range.starts_with(|c: char| c.is_ascii_digit());
            text.push_str(before);
            match is_time {
                true => text.push_str(RANGE),
                false => text.push_str(&format!("[{range}]")),
            }
            rest = after;
        }
        text.push_str(rest);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::faster;

    #[test]
    fn times_are_replaced_and_nothing_else() {
        let rules = "  - alert: A\n    expr: 'rate(a[5m]) / rate(b[1h]) > 1 and on (job) c'\n    for: 2h\n    summary: 'see [a](b)'\n";
        let fast = "  - alert: A\n    expr: 'rate(a[20s]) / rate(b[20s]) > 1 and on (job) c'\n    for: 3s\n    summary: 'see [a](b)'\n";
        assert_eq!(faster(rules), fast);
    }
}
