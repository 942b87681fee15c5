//! A block under construction: the column buffers of one table.

/// Column buffers that grow row by row.
#[derive(Debug)]
pub struct Block {}
