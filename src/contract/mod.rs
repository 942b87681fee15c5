//! The contract between generated code and the server: the pipeline as data, and how rows are appended.
//!
//! Generated code imports this folder and no other of the server; what it needs of the rooms below is handed on here.

mod database;
mod envelope;
mod exchange;
pub mod headers;
mod ids;
mod migration;
mod partition;
mod pipeline;
mod queue;
mod request;
mod retired;
mod row;
mod schema;
mod source;
mod table;
mod topic;

pub use database::Database;
pub use envelope::{CLIENT_FIELD, Envelope, EventType};
pub use exchange::{Exchange, ExchangeKind, Route};
pub use ids::{IdFrom, Ids};
pub use migration::{Migration, drops_data};
pub use partition::{
    MOST_PARTITIONS, Partition, PartitionBy, hash_at, key_hash, partitions_exchange, rest_exchange,
    text_at,
};
pub use pipeline::Pipeline;
pub use queue::{Batch, Destination, Input, Queue, QueueKind};
pub use request::{Aim, Made, Make, Piece, Rate, RecordKey, Request, Target, Template, To};
pub use retired::{RenamedQueue, Retired, RetiredEvent, RetiredQueue};
pub use row::{Context, Group, Message, TextOf, TextOfEvent, Unit};
pub use schema::{Relation, Schema, Schemas};
pub use source::{
    Auth, Cors, Encoding, Intake, OnBad, Pool, RoutingKey, Scheme, SecretForm, Signature,
    SignatureForm, Signed, SignedTime, Source, Verify,
};
pub use table::{
    Append, AppendDeadLetter, Block, Cluster, ColumnSpec, Conflict, Ddl, Holds, Sharding, Storage,
    Table, Upsert, queue_of_shard, shard_of_queue,
};
pub use topic::{Foreign, Format, Topic};

pub use crate::dead_letter::DeadLetter;
pub use crate::function;
pub use crate::json;
pub use crate::native::{Column, Layout, TextLimit, unknown};
pub use crate::protobuf::{Field, Kind, Label, RetiredField, Shape, wire};
pub use crate::row_error::{Misfit, RowError, TooLong};
