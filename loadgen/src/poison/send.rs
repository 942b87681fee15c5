//! Sends poison, each until somebody has taken or refused it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use tonic::client::Grpc;
use tonic::{Code, Status};

use super::bodies::{Body, One};
use super::kinds::Way;
use super::{Kind, Poison, Sent, UNDER_WAY, beside};
use crate::broker;
use crate::door::{PAUSE, call, may_pass};
use event_grpc::broker::{Outgoing, Properties};
use event_grpc::generated::PIPELINE;

impl Poison {
    /// Sends all of it, each when it is due.
    pub(crate) async fn run(&self) -> Sent {
        let began = Instant::now();
        let senders = (0..UNDER_WAY).map(|first| self.send_every(first, began));
        let wrong = join_all(senders).await.into_iter().flatten().collect();
        Sent {
            count: self.pace.count,
            ended: Instant::now(),
            wrong,
        }
    }

    /// One of the senders: takes every so-manieth. Says what went wrong.
    async fn send_every(&self, first: u64, began: Instant) -> Vec<String> {
        let mut wrong = Vec::new();
        for number in (first..self.pace.count).step_by(UNDER_WAY as usize) {
            tokio::time::sleep_until(self.pace.due(number, began).into()).await;
            let Some(kind) = self.kind(number) else {
                continue;
            };
            let name = self.name(number);
            let since = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            let one = One {
                name: &name,
                beside: &beside(&name),
                now: &since.as_millis().to_string(),
                envelope: self.envelope,
            };
            // Made once: whoever gets it twice gets the same.
            let body = (kind.make)(&one);
            let sent = match kind.way {
                Way::Queue(queue) => self.publish(queue, &name, body).await,
                Way::Grpc => self.dispatch(number, kind, body).await,
            };
            if let Err(reason) = sent {
                wrong.push(format!("{name}, {}: {reason}", kind.what));
            }
        }
        wrong
    }

    async fn publish(&self, queue: &str, name: &str, body: Body) -> Result<(), String> {
        let found = PIPELINE.queues.iter().find(|q| q.name == queue);
        let binding = found.and_then(|queue| queue.bindings.first());
        let binding = binding.ok_or_else(|| format!("no exchange leads to {queue}"))?;
        let properties = Properties {
            content_type: Some(body.content_type.into()),
            message_id: Some(name.to_owned()),
            kind: body.kind.map(Into::into),
            ..Properties::default()
        };
        // A type of which no other queue wants a copy.
        let key = binding.routing_key.replace('*', "LaunchEvent");
        let message = Outgoing::new(binding.exchange, key, body.bytes).with(properties);
        broker::publish(self.broker.as_ref(), &message, self.patience).await
    }

    async fn dispatch(&self, number: u64, kind: &Kind, body: Body) -> Result<(), String> {
        let began = Instant::now();
        let mut instances = self.instances.iter().cycle().skip(number as usize);
        loop {
            let Some(instance) = instances.next() else {
                return Err("there is no instance".to_owned());
            };
            let mut client = Grpc::new(instance.clone());
            match call(&mut client, body.bytes.clone().into(), self.proof.as_ref()).await {
                Ok(_) if !kind.refused => return Ok(()),
                Err(status) if kind.refused && status.code() == Code::InvalidArgument => {
                    return Ok(());
                }
                Err(status) if may_pass(&status) && began.elapsed() < self.patience => {
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(_) => return Err("it was taken".to_owned()),
                Err(status) => return Err(told(&status)),
            }
        }
    }
}

fn told(status: &Status) -> String {
    format!("the answer was {}: {}", status.code(), status.message())
}
