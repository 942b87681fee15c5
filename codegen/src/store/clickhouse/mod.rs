//! ClickHouse: the SQL that makes and changes its tables.

pub(crate) mod alter;
pub mod ddl;
