//! Nodes of a cluster: which one is connected to next, and which of them don't answer.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The nodes of an address. Its clones share what is known of them.
#[derive(Debug, Clone)]
pub(super) struct Nodes {
    count: usize,
    shared: Arc<Known>,
}

#[derive(Debug)]
struct Known {
    /// The node that is tried first.
    first: AtomicUsize,
    /// Those that didn't answer when they were last tried, while another one did.
    down: Mutex<BTreeSet<usize>>,
}

impl Nodes {
    /// So many nodes. Instances begin at any of them, so that their connections are spread.
    pub(super) fn of(count: usize) -> Self {
        let first = match count {
            0 | 1 => 0,
            count => rand::random_range(0..count),
        };
        let shared = Known {
            first: AtomicUsize::new(first),
            down: Mutex::default(),
        };
        Nodes {
            count: count.max(1),
            shared: Arc::new(shared),
        }
    }

    /// True if there is only one.
    pub(super) fn is_one(&self) -> bool {
        self.count == 1
    }

    /// The node that is tried first.
    pub(super) fn first(&self) -> usize {
        self.shared.first.load(Ordering::Relaxed)
    }

    /// All nodes, in the order in which they are tried.
    pub(super) fn in_order(&self) -> impl Iterator<Item = usize> + use<> {
        let (first, count) = (self.first(), self.count);
        (0..count).map(move |at| (first + at) % count)
    }

    /// A node answered: further connections begin with it. True if it was told that it doesn't.
    pub(super) fn answered(&self, node: usize) -> bool {
        self.shared.first.store(node, Ordering::Relaxed);
        self.down(|down| down.remove(&node))
    }

    /// A node didn't answer while another one did. True if that is to be told.
    pub(super) fn silent(&self, node: usize) -> bool {
        self.down(|down| down.insert(node))
    }

    /// A connection to a node was lost: the others are tried before it.
    pub(super) fn lost(&self, node: usize) {
        let next = (node + 1) % self.count;
        let shared = &self.shared.first;
        shared
            .compare_exchange(node, next, Ordering::Relaxed, Ordering::Relaxed)
            .ok();
    }

    fn down<T>(&self, with: impl FnOnce(&mut BTreeSet<usize>) -> T) -> T {
        with(
            &mut self
                .shared
                .down
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_is_tried_once_and_the_one_that_was_lost_last() {
        let nodes = Nodes::of(3);
        nodes.answered(1);
        assert_eq!(nodes.in_order().collect::<Vec<_>>(), [1, 2, 0]);
        nodes.lost(1);
        assert_eq!(nodes.in_order().collect::<Vec<_>>(), [2, 0, 1]);
        // Somebody else has found another one meanwhile.
        nodes.lost(1);
        assert_eq!(nodes.in_order().collect::<Vec<_>>(), [2, 0, 1]);
        let one = Nodes::of(1);
        one.lost(0);
        assert_eq!(one.in_order().collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn a_node_that_is_down_is_told_once() {
        let nodes = Nodes::of(2);
        assert!(nodes.silent(1));
        assert!(!nodes.clone().silent(1));
        assert!(nodes.answered(1));
        assert!(!nodes.answered(1));
        assert!(nodes.silent(1));
    }
}
