//! A migration as data.

/// A migration of a schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its file name, which sorts by time.
    pub name: &'static str,
    /// Its statements, separated by `;` at the end of a line.
    pub sql: &'static str,
}

// === impl Migration ===

impl Migration {
    /// True if it drops what is stored, because the entry of a retired table or column says `data: drop`. Such a
    /// migration is a file of its own, and is applied where somebody asks for it by its name.
    pub fn drops_data(&self) -> bool {
        drops_data(self.name)
    }
}

/// True if a migration of this name drops what is stored.
pub fn drops_data(name: &str) -> bool {
    let what = name.split_once('_').map(|(_, what)| what);
    what.is_some_and(|what| what.starts_with("drop_"))
}

#[cfg(test)]
mod tests {
    use super::drops_data;

    #[test]
    fn migrations_that_drop_data_are_told_by_their_names() {
        assert!(drops_data("20261126T101112_drop_purchase.sql"));
        assert!(!drops_data("20261126T101112_create_drop_zone.sql"));
        assert!(!drops_data("20261126T101112_alter_event.sql"));
    }
}
