//! ClickHouse's Native format: buffers that values are appended to, column by column.

pub mod column;
mod layout;
pub mod unknown;

pub use column::Column;
pub use layout::{Layout, TextLimit};
