//! Floats of four bytes as floats of eight.

/// Widens as people read it: 0.1 sent as a float becomes 0.1, and not 0.10000000149011612.
pub(super) fn widen(value: f32) -> f64 {
    // Whole numbers of this size are written with all their digits, and are equal in both widths.
    if value.fract() == 0.0 && value.abs() < 16_777_216.0 || !value.is_finite() {
        return f64::from(value);
    }
    // Larger ones are whole, and written with zeros in place of digits that say nothing.
    if value.abs() >= 16_777_216.0 {
        return printed(value);
    }
    // Most have few decimals, prices two. The first number of decimals that leads back to the value is the one that
    // it is written with, and a quotient of two whole numbers of this size is rounded as a parser would.
    for power in [10.0, 100.0, 1000.0, 10_000.0] {
        let digits = (f64::from(value) * power).round();
        if (digits / power) as f32 == value {
            return digits / power;
        }
    }
    printed(value)
}

fn printed(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_becomes_what_its_shortest_text_says() {
        // Every 997th bit pattern, and prices.
        let patterns = (0..=u32::MAX).step_by(997).map(f32::from_bits);
        let prices = (0..2_000_000_u32).map(|cents| cents as f32 / 100.0);
        for value in patterns.chain(prices).filter(|v| v.is_finite()) {
            let printed: Result<f64, _> = value.to_string().parse();
            assert_eq!(
                printed.map(f64::to_bits),
                Ok(widen(value).to_bits()),
                "{value}"
            );
        }
    }
}
