//! gRPC services beside the methods of sources: health and reflection.
//!
//! Health is on every port, for load balancers. Reflection tells the whole schema, so it is for operators.

mod endless;
mod health;
mod reflection;

pub use health::health;
pub use reflection::{ReflectionError, no_reflection, reflection};

/// Text for paths of operations on a port that doesn't have them. It doesn't say where they are: anybody may read it.
pub const NOT_SERVED: &str = "not served on this port";
