//! Patterns of field numbers.

/// Numbers as a pattern: `9..=64 | 70`.
pub(super) fn ranges(numbers: &[u32]) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let parts: Vec<String> = runs
        .into_iter()
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            _ => format!("{first}..={last}"),
        })
        .collect();
    parts.join(" | ")
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn numbers_that_follow_each_other_are_one_range() {
        assert_eq!(ranges(&[9, 10, 11, 20, 22, 23]), "9..=11 | 20 | 22..=23");
        assert_eq!(ranges(&[]), "");
    }
}
