//! What generated code is written against: the pipeline as data, the wire reader and the column buffers.
//!
//! This is the leaf of the server: it imports nothing else of the crate.

pub mod layout;
pub mod migration;
pub mod pipeline;
pub mod request;
pub mod shape;
pub mod storage;

pub mod canonical;
pub mod content;
pub mod ids;
pub mod proto_json;
pub mod wire;

pub mod block;
pub mod column;
mod partition;

pub mod function;
pub mod headers;
pub mod identity;
pub mod json;
pub mod row;
pub mod unknown;

pub use block::Block;
pub use column::Column;
pub use identity::IdFrom;
pub use ids::Ids;
pub use layout::{ColumnSpec, Holds, Layout, TextLimit};
pub use migration::Migration;
pub use pipeline::*;
pub use request::{Piece, Rate, Request, Target, Template};
pub use row::{Bad, Context, DeadLetter, Group, Message, Misfit, TooLong};
pub use shape::{Field, Kind, Label, Shape, first_name};
pub use storage::{Conflict, Database, Storage, Upsert};
pub use unknown::{UNKNOWN_MEMBERS, UnknownMembers};
