//! `partitions` and `partition_by` of a queue, as written.

use super::Located;
use super::scalars::Fields;
use crate::base::diagnostic::Diagnostics;
use crate::syntax::yaml::Text;

/// The keys that a queue has for its partitions.
pub(super) const KEYS: [&str; 2] = ["partitions", "partition_by"];

/// `partitions: N` and `partition_by: PATH`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Partitions {
    /// Number of partitions.
    pub(crate) count: Option<Located<u64>>,
    /// The key.
    pub(crate) by: Option<Text>,
}

/// Reads them.
pub(super) fn partitions(fields: &Fields<'_>, out: &mut Diagnostics) -> Partitions {
    Partitions {
        count: fields.count("partitions", 2..=64, out),
        by: fields.text("partition_by", out),
    }
}
