//! What the server counts of the attacks, by the metrics of its operations port.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Ended;
use super::attack::{Hello, Port};
use super::door::{Places, connect};
use super::kinds::{Counted, Kind, Series};

/// Timeout of an answer of the operations port.
const ANSWER: Duration = Duration::from_secs(20);
/// Time for the last counts: what a sender leaves is noticed a moment later.
const LAST: Duration = Duration::from_secs(5);
/// Polling interval.
const EVERY: Duration = Duration::from_millis(250);

/// Metrics at one time, as their text.
pub(super) struct Metrics(String);

impl Metrics {
    /// Reads them.
    pub(super) async fn read(places: &Places) -> anyhow::Result<Self> {
        let (status, text) = get(places, "/metrics").await?;
        if status != 200 {
            bail!("the operations port answers {status} to GET /metrics");
        }
        Ok(Metrics(text))
    }

    /// Sum of these series.
    fn sum(&self, series: &[Series]) -> f64 {
        let of = |series: &Series| {
            let lines = self.0.lines().filter(|line| {
                let rest = line.strip_prefix(series.metric);
                rest.is_some_and(|rest| rest.starts_with('{') && rest.contains(series.label))
            });
            let values = lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
            values.sum::<f64>()
        };
        series.iter().map(of).sum()
    }
}

/// Asks the operations port, as who may.
pub(super) async fn get(places: &Places, path: &str) -> anyhow::Result<(u16, String)> {
    let asked = async {
        let from = places.of(Port::Ops).ip();
        let mut stream = connect(from, places, Port::Ops, Hello::Usual).await?;
        let proof = places.proof(Port::Ops).unwrap_or_default();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\n{proof}Accept: text/plain\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        stream.flush().await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        anyhow::Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = tokio::time::timeout(ANSWER, asked)
        .await
        .context("the operations port doesn't answer")??;
    let status = answer.get(9..12).and_then(|status| status.parse().ok());
    let status = status.context("the operations port's answer has no status")?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
    Ok((status, body.unwrap_or_default().to_owned()))
}

/// Says which attacks the server hasn't counted, after a moment for the last of them.
pub(super) async fn missing(
    places: &Places,
    before: &Metrics,
    ended: &[(&'static Kind, &Ended)],
) -> anyhow::Result<Vec<String>> {
    let mut waited = Duration::ZERO;
    loop {
        let after = Metrics::read(places).await?;
        let missing = compare(before, &after, ended);
        if missing.is_empty() || waited >= LAST {
            return Ok(missing);
        }
        tokio::time::sleep(EVERY).await;
        waited += EVERY;
    }
}

fn compare(before: &Metrics, after: &Metrics, ended: &[(&'static Kind, &Ended)]) -> Vec<String> {
    // What several kinds are counted by has to be counted for all of them.
    let mut expected: BTreeMap<&[Series], (u64, Vec<&str>)> = BTreeMap::new();
    for (kind, one) in ended {
        let (series, count) = match kind.counted {
            Counted::Nowhere => continue,
            Counted::Each(series) => (series, one.requests),
            Counted::Once(series) => (series, 0),
        };
        let (sum, names) = expected.entry(series).or_default();
        *sum += count;
        if !names.contains(&kind.name) {
            names.push(kind.name);
        }
    }
    let mut missing = Vec::new();
    for (series, (count, names)) in expected {
        let counted = after.sum(series) - before.sum(series);
        if counted < count.max(1) as f64 {
            missing.push(format!(
                "{}: {} at least should be counted in {series:?}, and {counted} are",
                names.join("; "),
                count.max(1)
            ));
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_added_by_their_label() {
        const DENIED: &[Series] = &[
            Series::new("denied_total", r#"reason="unknown""#),
            Series::new("denied_total", r#"reason="failures""#),
        ];
        let text = "denied_total{source=\"app\",reason=\"unknown\"} 3\n\
                    denied_total{source=\"hook\",reason=\"unknown\"} 1\n\
                    denied_total{source=\"app\",reason=\"failures\"} 2\n\
                    denied_total{source=\"app\",reason=\"expired\"} 7\n\
                    denied_total_other{source=\"app\",reason=\"unknown\"} 7\n";
        assert!((Metrics(text.to_owned()).sum(DENIED) - 6.0).abs() < 1e-9);
    }
}
