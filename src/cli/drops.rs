//! Migrations that drop stored data, which are applied by name only.

use crate::contract::{Pipeline, drops_data};
use crate::generated::PIPELINE;

/// Migrations that drop stored data and shall be applied.
#[derive(Debug, clap::Args)]
pub(super) struct Drops {
    /// Apply this migration, too, which drops what is stored in a table or a column; may be repeated.
    #[arg(long = "drop", value_name = "MIGRATION")]
    names: Vec<String>,
}

impl Drops {
    /// Their names.
    ///
    /// # Errors
    ///
    /// If one is of no migration that drops anything.
    pub(super) fn names(&self) -> anyhow::Result<&[String]> {
        checked(&self.names)?;
        Ok(&self.names)
    }
}

/// Fails if a name is of no migration of this build that drops anything.
pub(super) fn checked(names: &[String]) -> anyhow::Result<()> {
    let known: Vec<&str> = of(&PIPELINE).collect();
    let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) else {
        return Ok(());
    };
    anyhow::bail!(match known[..] {
        [] => format!("--drop {unknown}: this build has no migration that drops stored data"),
        _ => format!(
            "--drop {unknown}: no such migration drops stored data; these do: {}",
            known.join(", ")
        ),
    })
}

fn of(pipeline: &'static Pipeline) -> impl Iterator<Item = &'static str> {
    let further = pipeline
        .databases
        .iter()
        .flat_map(|database| database.migrations);
    let all = pipeline
        .migrations
        .iter()
        .chain(further)
        .chain(pipeline.postgres_migrations);
    all.map(|migration| migration.name)
        .filter(|name| drops_data(name))
}
