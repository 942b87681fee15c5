//! Options of `serve` about who may send.

use crate::access::Unverified;
use crate::contract::Pipeline;

/// Who may send.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct IntakeArgs {
    /// Sources that take requests without the proof that pipeline.yaml asks for, from anybody: a list of names. It is
    /// for senders that don't prove anything yet.
    #[arg(
        long,
        env = "EVENT_GRPC_UNVERIFIED",
        value_delimiter = ',',
        value_name = "SOURCES"
    )]
    unverified: Vec<String>,
}

impl IntakeArgs {
    /// The sources that are opened.
    pub(super) fn unverified(&self, pipeline: &'static Pipeline) -> anyhow::Result<Unverified> {
        let names = self.unverified.iter().map(String::as_str);
        Ok(Unverified::new(names, pipeline)?)
    }
}
