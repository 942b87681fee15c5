//! RabbitMQ: its nodes, and what its account may do.

use super::finding::{Findings, Level};
use super::versions;
use crate::broker::{self, Address, Cutover, Found, Right, Topology};
use crate::generated::PIPELINE;
use crate::ops::live::definitions::Definitions;

const PLACE: &str = "rabbitmq";

/// Definitions that are imported into RabbitMQ: what this build declares, and policies.
const GENERATED: &[u8] = include_bytes!("../../../generated/definitions.json");

/// Looks at it, and hands back the connection; none if there is none, which is among the findings.
pub(super) async fn check(address: &Address, findings: &mut Findings) -> Option<Cutover> {
    let mut silent = 0;
    let nodes = broker::versions(address).await;
    for (place, said) in &nodes {
        match said {
            Ok(version) => versions::judge(
                versions::RABBITMQ,
                &format!("{PLACE} {place}"),
                version,
                findings,
            ),
            Err(why) => {
                silent += 1;
                let level = if nodes.len() == 1 {
                    Level::Problem
                } else {
                    Level::Warning
                };
                let fix = "check the name, the port, the firewall, and whether it runs";
                findings.add(
                    level,
                    format!("{PLACE} {place}"),
                    format!("it can't be reached: {why}"),
                    fix,
                );
            }
        }
    }
    if silent == nodes.len() {
        if nodes.len() > 1 {
            let what = "none of its nodes can be reached";
            findings.add(
                Level::Problem,
                PLACE,
                what,
                "as above, of one node at least",
            );
        }
        return None;
    }
    let server = match Cutover::dial(address).await {
        Ok(server) => server,
        Err(error) => {
            let fix = "check user and password, and that the user may use the virtual host (rabbitmqctl list_permissions)";
            findings.add(Level::Problem, PLACE, error.to_string(), fix);
            return None;
        }
    };
    findings.good(
        PLACE,
        format!("connected to the virtual host {}", address.vhost()),
    );
    if let Err(error) = rights(&server, findings).await {
        findings.add(
            Level::Problem,
            PLACE,
            error.to_string(),
            "ask again when the connection holds",
        );
    }
    Some(server)
}

/// Compares the policies of its definitions with those that are generated. AMQP can't ask for them.
pub(super) fn policies(definitions: &Definitions, findings: &mut Findings) -> anyhow::Result<()> {
    for ours in Definitions::parse(GENERATED, "/")?.policies() {
        let name = &ours.name;
        let mut there = definitions.policies().iter();
        let what = match there.find(|policy| policy.name == *name) {
            None => format!("there is no policy {name}"),
            Some(policy) if policy.pattern != ours.pattern => {
                format!("the policy {name} is for other names than this build has")
            }
            Some(_) => continue,
        };
        let fix = "rabbitmqctl import_definitions generated/definitions.json, unless a policy of yours says the same";
        findings.add(Level::Warning, PLACE, what, fix);
    }
    Ok(())
}

/// Looks what the account may do with what is there.
async fn rights(server: &Cutover, findings: &mut Findings) -> Result<(), broker::CutoverError> {
    let topology = Topology::of(&PIPELINE, |_| true).in_rabbitmq();
    let (mut exchanges, mut queues) = (0, 0);
    for exchange in &topology.exchanges {
        if server.exchange(exchange).await? == Found::Missing {
            continue;
        }
        match server.may_publish(exchange.name).await? {
            Right::Granted => exchanges += 1,
            Right::Refused(why) => {
                let what = format!(
                    "it may not publish to the exchange {}: {why}",
                    exchange.name
                );
                let fix = "rabbitmqctl set_permissions: the user has to write to it; its events are refused until then";
                findings.add(Level::Problem, PLACE, what, fix);
            }
            Right::Blocked => {
                let what = "it holds back publishers: an alarm of memory or disk";
                let fix = "rabbitmq-diagnostics alarms says which; make room, or let the queues be emptied";
                findings.add(Level::Problem, PLACE, what, fix);
                return Ok(());
            }
        }
    }
    for queue in &topology.queues {
        if server.depth(queue.name).await?.is_none() {
            continue;
        }
        match server.may_consume(queue.name).await? {
            Right::Granted | Right::Blocked => queues += 1,
            Right::Refused(why) => {
                let what = format!("it may not consume the queue {}: {why}", queue.name);
                let fix = "rabbitmqctl set_permissions: the user has to read from it; its messages wait until then";
                findings.add(Level::Problem, PLACE, what, fix);
            }
        }
    }
    findings.good(
        PLACE,
        format!("it may publish to {exchanges} exchanges, and consume {queues} queues"),
    );
    Ok(())
}
