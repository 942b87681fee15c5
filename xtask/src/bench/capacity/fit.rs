//! Costs that fit what was measured best: none of them negative, and errors count as shares of what was measured.

use serde::Serialize;

/// Rounds of the search. Each goes through all summands.
const ROUNDS: u32 = 50_000;

/// Microseconds of CPU, as `event-grpc capacity` takes them.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Cost {
    event: f64,
    kib: f64,
    request: f64,
    shared: f64,
}

impl Cost {
    /// What each of them is multiplied by for an event of so many bytes in a request of so many events.
    pub(super) fn basis(bytes: f64, batch: f64) -> [f64; 4] {
        [1.0, bytes / 1024.0, 1.0 / batch, 1.0 / batch.sqrt()]
    }
}

/// The costs that fit: one after the other is set to what is best with the others as they are, until nothing changes any more.
pub(super) fn fit(points: &[([f64; 4], f64)]) -> Cost {
    let mut costs = [0.0; 4];
    for _ in 0..ROUNDS {
        for at in 0..costs.len() {
            let (mut product, mut square) = (0.0, 0.0);
            for (basis, measured) in points {
                let others: f64 = (0..costs.len())
                    .filter(|other| *other != at)
                    .map(|other| costs[other] * basis[other])
                    .sum();
                let share = basis[at] / measured;
                product += share * (1.0 - others / measured);
                square += share * share;
            }
            costs[at] = if square > 0.0 {
                f64::max(product / square, 0.0)
            } else {
                0.0
            };
        }
    }
    let [event, kib, request, shared] = costs;
    Cost {
        event,
        kib,
        request,
        shared,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_that_were_put_in_come_out() {
        let put_in = [2.5, 3.0, 40.0, 9.0];
        let sizes = [
            (300.0, 1.0),
            (180.0, 10.0),
            (170.0, 100.0),
            (169.0, 1000.0),
            (1170.0, 100.0),
            (500.0, 30.0),
        ];
        let points: Vec<_> = sizes
            .into_iter()
            .map(|(bytes, batch)| {
                let basis = Cost::basis(bytes, batch);
                (basis, basis.iter().zip(put_in).map(|(b, c)| b * c).sum())
            })
            .collect();
        let found = fit(&points);
        for (found, put_in) in [found.event, found.kib, found.request, found.shared]
            .iter()
            .zip(put_in)
        {
            assert!((found / put_in - 1.0).abs() < 0.02, "{found} for {put_in}");
        }
        // What pulls below zero is zero.
        let falling = [
            (Cost::basis(100.0, 1.0), 1.0),
            (Cost::basis(1000.0, 1.0), 0.5),
        ];
        assert!(fit(&falling).kib.abs() < 1e-6);
    }
}
