//! What of the messages that wait in queues would become dead letters of this build.

use std::collections::BTreeMap;

use super::{Kind, Plan};
use crate::broker::{Cutover, CutoverError, Sample};
use crate::contract::Pipeline;
use crate::worker::Trial;

/// The longest reason that is shown, in characters. Reasons that begin alike count as one.
const SHOWN: usize = 200;

/// Maximum number of reasons of a queue that are told apart.
const REASONS: usize = 20;

/// Reads up to so many messages of each queue without taking them, and tries them out.
///
/// # Errors
///
/// If RabbitMQ doesn't answer.
pub async fn sample(
    server: &Cutover,
    pipeline: &'static Pipeline,
    bounds: Sample,
    plan: &mut Plan,
) -> Result<(), CutoverError> {
    let mut trial = Trial::new(pipeline);
    for queue in pipeline.queues {
        let Some((1.., _)) = server.depth(queue.name).await? else {
            continue;
        };
        let mut found: BTreeMap<(&str, String, String), usize> = BTreeMap::new();
        let mut units = 0;
        let show = |delivery| {
            let (count, bad) = trial.run(queue, delivery);
            units += count;
            for bad in bad {
                let key = (bad.class, clipped(&bad.event_type), clipped(&bad.reason));
                match found.len() < REASONS || found.contains_key(&key) {
                    true => *found.entry(key).or_default() += 1,
                    false => {
                        let other = (bad.class, String::new(), "other reasons".to_owned());
                        *found.entry(other).or_default() += 1;
                    }
                }
            }
        };
        let messages = server.sample(queue.name, bounds, show).await?;
        for ((class, event_type, reason), count) in found {
            let of_type = match event_type.is_empty() {
                true => String::new(),
                false => format!(" of type {event_type}"),
            };
            let how = format!(
                "{count} of {units} events or objects{of_type} in the first {messages} messages would become dead letters, {class}: {reason}"
            );
            plan.add(
                "rabbitmq",
                Kind::Letters,
                format!("queue {}", queue.name),
                how,
            );
        }
    }
    Ok(())
}

fn clipped(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
