//! Figures that are taken in rounds, and the table of their medians.

use std::fmt::Write as _;

/// Number of measurements.
pub(crate) const ROUNDS: usize = 5;

/// The figures of one row of a table, a list for each round.
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) rounds: Vec<Vec<f64>>,
}

/// A Markdown table with a row for each line.
pub(crate) fn table(what: &str, headings: &[&str], lines: &[Line]) -> String {
    let mut text = format!("| {what} | {} |\n", headings.join(" | "));
    writeln!(text, "| --- |{}", " ---: |".repeat(headings.len())).unwrap();
    for line in lines {
        let cells = (0..headings.len()).map(|at| {
            let median = median(line.rounds.iter().map(|figures| figures[at]).collect());
            match median {
                unknown if unknown.is_nan() => "-".to_owned(),
                large if large >= 100.0 => format!("{large:.0}"),
                small => format!("{small:.2}"),
            }
        });
        let cells: Vec<String> = cells.collect();
        writeln!(text, "| {} | {} |", line.name, cells.join(" | ")).unwrap();
    }
    text
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// CPU seconds of the calling thread so far, to the nanosecond.
pub(crate) fn thread_cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanos: u64 = text.split_whitespace().next().unwrap().parse().unwrap();
    nanos as f64 / 1e9
}
