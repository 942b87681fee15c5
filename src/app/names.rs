//! Names of a pipeline that metrics have as labels.

use crate::contract::Pipeline;
use crate::metrics::Names;

/// Everything that a pipeline declares, whether or not it is on in this instance.
pub(super) fn names(pipeline: &Pipeline) -> Names {
    let requests = pipeline.requests.iter();
    Names {
        sources: pipeline.sources.iter().map(|s| s.name).collect(),
        exchanges: pipeline.exchanges.iter().map(|e| e.name).collect(),
        queues: pipeline.queues.iter().map(|q| q.name).collect(),
        tables: pipeline.tables.iter().map(|t| t.name).collect(),
        targets: requests
            .flat_map(|request| request.targets.iter().map(|target| target.name))
            .collect(),
    }
}
