//! The declarations as written: `pipeline.yaml`, `proto/`, and the small languages inside of them.

pub(crate) mod expression;
pub(crate) mod file;
pub(crate) mod places;
pub(crate) mod proto;
mod proto_words;
pub(crate) mod spec;
pub(crate) mod sql;
pub(crate) mod template;
pub(crate) mod yaml;
mod yaml_words;
