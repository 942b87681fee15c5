//! Messages of a webhook that can't be stored: kept as dead letters, or refused.

use super::super::judge::CheckedMessage;
use super::super::response::Refusal;
use super::{Taken, Webhook};
use crate::contract::OnBad;
use crate::row_error::RowError;

impl Webhook {
    /// Keeps or refuses a message that can't be stored, not everywhere at least.
    pub(super) async fn bad(&self, judged: CheckedMessage) -> Result<Taken, Refusal> {
        let CheckedMessage {
            message,
            id,
            found,
            wrong,
            readable,
        } = judged;
        let first = wrong.as_ref().or(found.bad.first().map(|(_, bad)| bad));
        let letters = self.keeper.letters(&message, &found.bad, first);
        let keeps = self.on_bad == OnBad::Keep;
        let Some(bad) = first else {
            // No queue takes it. The broker's own path for unrouted messages keeps it.
            let reason = format!(
                "no queue takes messages with the routing key {}",
                message.routing_key
            );
            if !keeps {
                self.keeper
                    .try_to_keep(&self.publisher, vec![message])
                    .await;
                return Err(Refusal::Invalid(reason));
            }
            self.publish(message).await?;
            return Ok(Taken::Kept {
                letter: id.text.clone(),
                id: id.text,
                reason,
                field: None,
                partly: false,
            });
        };
        let partly = found.bad.len() < found.reached;
        let letter = letters
            .first()
            .and_then(|l| l.properties.message_id.clone());
        let (Some(letter), true, true) = (letter, readable, keeps) else {
            self.keeper.try_to_keep(&self.publisher, letters).await;
            return Err(refusal(bad.clone()));
        };
        if partly {
            // The other queues store it; the dead letters are those of the queues that can't.
            self.publish(message).await?;
        } else if self.keeper.has_room(&letters) {
            self.keeper.keep(&self.publisher, letters).await?;
        } else {
            return Err(Refusal::NoRoomToKeep(bad.to_string()));
        }
        Ok(Taken::Kept {
            id: id.text,
            reason: bad.to_string(),
            field: bad.place().map(str::to_owned),
            letter,
            partly,
        })
    }
}

fn refusal(bad: RowError) -> Refusal {
    match (bad.place(), &bad) {
        (Some(_), RowError::Field(misfit)) => Refusal::Field {
            field: misfit.place.clone(),
            reason: misfit.reason.clone(),
        },
        (Some(place), _) => Refusal::Value {
            place: place.to_owned(),
            reason: bad.to_string(),
        },
        (None, bad) => Refusal::Invalid(bad.to_string()),
    }
}
