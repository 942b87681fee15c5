//! The tables and migrations of a database against those of this build.

use super::{Kind, Plan};
use crate::sink::clickhouse::Report;
use crate::sink::clickhouse::migrate::Touched;

/// Adds what a comparison of a database found, and what its pending migrations touch.
pub fn tell(place: &str, report: &Report, touched: &[Touched], plan: &mut Plan) {
    for name in &report.pending {
        let tables = touched.iter().filter(|touched| touched.migration == *name);
        let tables: Vec<String> = tables.map(ToString::to_string).collect();
        let copied = report.costs.iter().filter(|cost| cost.0 == *name);
        let how: Vec<String> = tables
            .into_iter()
            .chain(copied.map(|cost| cost.1.clone()))
            .collect();
        plan.add(
            place,
            Kind::Pending,
            format!("migration {name}"),
            how.join("; "),
        );
    }
    for name in &report.changed {
        let how = "it was edited after it had been applied; restore the file as it was";
        plan.add(place, Kind::Differs, format!("migration {name}"), how);
    }
    for difference in &report.differences {
        let kind = match difference.missing {
            true => Kind::Missing,
            false => Kind::Differs,
        };
        let note = if difference.harmless {
            " (harmless)"
        } else {
            ""
        };
        let how = format!("{}{note}", difference.text);
        plan.add(place, kind, format!("table {}", difference.table), how);
    }
}
