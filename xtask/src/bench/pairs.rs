//! Pairs of runs: two settings measured in turn, and their difference next to the noise of each.

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::{Args, FIGURES, Scenario, figures, middle, shown};

/// Reports of one scenario: those of the first setting, and those of the second one.
#[derive(Default)]
struct Runs([Vec<Value>; 2]);

/// Runs the scenarios in both settings, in turn, and prints the ratios: the second one's figures by the first one's.
pub(super) fn run(
    args: &Args,
    names: [&str; 2],
    chosen: &[&Scenario],
    measure: impl Fn(usize, &Scenario) -> Result<Value>,
) -> Result<()> {
    let mut all: Vec<Runs> = chosen.iter().map(|_| Runs::default()).collect();
    for number in 1..=args.runs {
        for (scenario, runs) in chosen.iter().zip(&mut all) {
            // The first one finds another machine than the second one; so they take turns.
            let order = match number % 2 {
                1 => [0, 1],
                _ => [1, 0],
            };
            for which in order {
                let report = measure(which, scenario)
                    .with_context(|| format!("pair {number} of {}", scenario.name))?;
                let name = names[which];
                eprintln!("{} {number}/{} {name}: {report}", scenario.name, args.runs);
                runs.0[which].push(report);
            }
        }
    }
    let [first, second] = names;
    println!(
        "`ratio` is the median of the pairs' ratios, the figure of {second} by that of {first}. `of itself` is the noise: the \
         median of how far a run is from the one before in the same column. A ratio within it says nothing."
    );
    println!("| scenario | figure | {first} | {second} | ratio | of itself | |");
    println!("| --- | --- | ---: | ---: | ---: | ---: | --- |");
    for (scenario, runs) in chosen.iter().zip(&all) {
        for (heading, path) in FIGURES {
            if let Some(line) = runs.line(path) {
                println!("| {} | {heading} | {line} |", scenario.name);
            }
        }
    }
    Ok(())
}

impl Runs {
    /// Cells of a figure, if both settings have it.
    fn line(&self, path: &str) -> Option<String> {
        let [other, this] = [0, 1].map(|which| figures(&self.0[which], path));
        let ratios: Vec<f64> = this.iter().zip(&other).map(|(t, o)| t / o).collect();
        let ratio = middle(ratios)?;
        let noise = noise(&other, &this);
        let verdict = match noise {
            Some(noise) if (ratio - 1.0).abs() <= noise => "noise",
            Some(_) if ratio.is_finite() => "differs",
            _ => "",
        };
        Some(format!(
            "{} | {} | {ratio:.3} | {} | {verdict}",
            middle(other).map(shown)?,
            middle(this).map(shown)?,
            noise.map_or_else(
                || "-".to_owned(),
                |noise| format!("±{:.1} %", noise * 100.0)
            ),
        ))
    }
}

/// Noise: the median difference between consecutive runs of one setting, as a fraction.
fn noise(other: &[f64], this: &[f64]) -> Option<f64> {
    let steps = [other, this]
        .into_iter()
        .flat_map(|runs| runs.windows(2))
        .map(|pair| (pair[1] / pair[0] - 1.0).abs());
    middle(steps.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_ratio_is_told_from_noise() {
        let runs = |figures: [f64; 4]| figures.map(|figure| json!({ "seconds": figure })).to_vec();
        let line = |other, this| Runs([runs(other), runs(this)]).line("/seconds").unwrap();
        let same = line([10.0, 11.0, 10.0, 11.0], [10.5, 10.0, 11.0, 10.4]);
        assert!(same.ends_with("| noise"), "{same}");
        let slower = line([10.0, 10.1, 10.0, 10.1], [12.0, 12.1, 12.0, 12.1]);
        assert_eq!(slower, "10.05 | 12.05 | 1.199 | ±0.9 % | differs");
        assert!(Runs::default().line("/seconds").is_none());
    }
}
