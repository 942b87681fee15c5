//! A lock among instances: an exclusive queue, which the broker gives to one connection only and deletes with it.

use std::sync::Arc;

use lapin::Channel;
use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{FieldTable, ShortString};

use super::dial::Session;

/// The queue of a lock, and the channel that it was declared on.
pub(super) struct HeldLock {
    session: Arc<Session>,
    channel: Channel,
    name: ShortString,
}

impl HeldLock {
    /// Takes a lock; none if another connection has it, or nothing can be asked now.
    pub(super) async fn take(session: Arc<Session>, name: &str) -> Option<Self> {
        let name = ShortString::try_new(name).ok()?;
        let opened = session.ask(session.connection.create_channel()).await;
        let channel = opened.ok()?;
        let options = QueueDeclareOptions {
            exclusive: true,
            auto_delete: true,
            ..QueueDeclareOptions::default()
        };
        // A refusal closes the channel.
        let declared = channel.queue_declare(name.clone(), options, FieldTable::default());
        session.ask(declared).await.ok()?;
        Some(HeldLock {
            session,
            channel,
            name,
        })
    }

    /// Gives it back. What fails here ends with the connection.
    pub(super) async fn release(self) {
        let options = QueueDeleteOptions::default();
        let deleted = self.channel.queue_delete(self.name.clone(), options);
        if self.session.ask(deleted).await.is_ok() {
            let closed = self.channel.close(200, "OK".into());
            self.session.ask(closed).await.ok();
        }
    }
}
