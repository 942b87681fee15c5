//! Spreads a block's rows over several inserts if one would create too many parts: each partition is a part, and costs
//! the server some ten milliseconds and a file.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::unit_groups::Unit;
use crate::contract::Block;

/// Maximum number of partitions of one insert.
pub(super) const MOST: usize = 50;

/// Groups the units of a block, each of which is one row, by partition, so that no group has too many; none if they are
/// few enough, or can't be told. The first group has the partitions with the most rows; the others follow in the order
/// of time.
pub(super) fn groups(block: &Block, units: &[Unit]) -> Option<Vec<Vec<Unit>>> {
    by_shard(block, units).or_else(|| by_partition(block, units))
}

/// True if these are the partitions of rows that one insert must not have.
pub(super) fn are_too_many(of_rows: Vec<i64>) -> bool {
    of_rows.into_iter().collect::<BTreeSet<i64>>().len() > MOST
}

/// Groups the units of a block by the shards of their rows; none if they are all of one.
fn by_shard(block: &Block, units: &[Unit]) -> Option<Vec<Vec<Unit>>> {
    let shards = block.table().sharding()?.shards_of(block)?;
    if shards.len() != units.len() {
        return None;
    }
    let mut by_shard: BTreeMap<u8, Vec<Unit>> = BTreeMap::new();
    for (shard, unit) in shards.into_iter().zip(units) {
        by_shard.entry(shard).or_default().push(*unit);
    }
    (by_shard.len() > 1).then(|| by_shard.into_values().collect())
}

fn by_partition(block: &Block, units: &[Unit]) -> Option<Vec<Vec<Unit>>> {
    let numbers = block.partitions(MOST)?;
    if numbers.len() != units.len() {
        return None;
    }
    let mut by_number: BTreeMap<i64, Vec<Unit>> = BTreeMap::new();
    for (number, unit) in numbers.into_iter().zip(units) {
        by_number.entry(number).or_default().push(*unit);
    }
    if by_number.len() <= MOST {
        return None;
    }
    let mut partitions: Vec<_> = by_number.into_iter().collect();
    // Of equally large ones the latest: those are most likely to be queried.
    partitions.sort_by_key(|(number, units)| (Reverse(units.len()), Reverse(*number)));
    let mut others = partitions.split_off(MOST);
    others.sort_by_key(|(number, _)| *number);
    let groups = std::iter::once(partitions.as_slice()).chain(others.chunks(MOST));
    Some(groups.map(together).collect())
}

fn together(partitions: &[(i64, Vec<Unit>)]) -> Vec<Unit> {
    let mut units: Vec<Unit> = partitions
        .iter()
        .flat_map(|(_, units)| units)
        .copied()
        .collect();
    units.sort_unstable();
    units
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

    use super::*;
    use crate::contract::{Append, ColumnSpec, Context, Message, Storage, Table};
    use crate::native::Layout;
    use crate::row_error::RowError;

    fn no_rows(_: &mut Block, _: &Message<'_>, _: &Context) -> Result<(), RowError> {
        Err(RowError::Unexpected("rows"))
    }

    static DAILY: Table = Table {
        name: "daily",
        storage: Storage::ClickHouse(None),
        columns: &[ColumnSpec::new("at", "DateTime", Layout::Fixed(4))],
        append: Append::Json(no_rows),
        ddl: "CREATE TABLE `daily`\nPARTITION BY toYYYYMMDD(at)\nORDER BY at",
    };

    fn of_days(days: impl Iterator<Item = u32>) -> (Block, Vec<Unit>) {
        let mut block = Block::new(&DAILY);
        let mut units = Vec::new();
        for (row, day) in days.enumerate() {
            let [at] = block.columns::<1>().unwrap();
            at.u32(day * 86_400).unwrap();
            block.grew(1);
            units.push((row / 10, row % 10));
        }
        (block, units)
    }

    #[test]
    fn few_partitions_are_one_insert() {
        let (block, units) = of_days((0..1000).map(|row| 5000 + row % 50));
        assert_eq!(groups(&block, &units), None);
        // Far apart, but few.
        let (block, units) = of_days((0..1000).map(|row| row % 2 * 20_000));
        assert_eq!(groups(&block, &units), None);
    }

    #[test]
    fn many_are_spread_and_the_fullest_go_first() {
        // A thousand of one day among a hundred and twenty of a day each.
        let days = (0..120).chain(std::iter::repeat_n(130, 1000));
        let (block, units) = of_days(days);
        let groups = groups(&block, &units).unwrap();
        let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
        assert_eq!(sizes, [1049, 50, 21]);
        let first = groups.first().unwrap();
        assert!(first.is_sorted());
        assert_eq!(
            first.first(),
            Some(&(7, 1)),
            "the latest of those that are alike"
        );
        let mut all: Vec<Unit> = groups.concat();
        all.sort_unstable();
        assert_eq!(all, units, "each unit once");
        // Units that aren't one row each can't be grouped.
        assert_eq!(super::groups(&block, &units[1..]), None);
    }
}
