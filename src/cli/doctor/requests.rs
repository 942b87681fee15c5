//! Targets of requests: whether they can be reached. Nothing is sent to them.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::finding::{Findings, Level};
use crate::app::Config;
use crate::generated::PIPELINE;
use crate::sink::requests::{Requests, Target};

const PLACE: &str = "requests";

/// How long a target may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// Looks at the targets of all requests that are on.
pub(super) async fn check(config: &Config, findings: &mut Findings) {
    let variable = |name: &str| config.environment.get(name);
    let requests = Requests::with_kafka(PIPELINE.requests, config.kafka.as_ref(), variable);
    // What is wrong with them has been told among the settings.
    let Ok(requests) = requests else { return };
    let on = PIPELINE.requests.iter();
    let on: Vec<_> = on.filter_map(|request| requests.targets(request)).collect();
    let targets: Vec<&Target> = on.iter().flat_map(|targets| targets.iter()).collect();
    let reached = targets.iter().map(|target| timeout(LIMIT, target.reach()));
    let (mut good, reached) = (0, join_all(reached).await);
    for (target, reached) in targets.into_iter().zip(reached) {
        let why = match reached {
            Ok(Ok(())) => {
                good += 1;
                continue;
            }
            Ok(Err(why)) => why,
            Err(_) => format!("no answer within {LIMIT:?}"),
        };
        let what = format!(
            "{} can't be reached at {}: {why}",
            target.name(),
            target.shown()
        );
        let fix = "check name, port, firewall and certificate; its messages wait until then";
        findings.add(Level::Problem, PLACE, what, fix);
    }
    if good > 0 {
        findings.good(PLACE, format!("{good} targets can be reached"));
    }
}
