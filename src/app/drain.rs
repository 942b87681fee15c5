//! Drain: in which order the parts of an instance end, and how long each may take.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::App;

impl App {
    /// Drains and stops within the configured time: first health reports it, then new requests are refused, requests
    /// under way are answered, consumed rows are stored, and connections are closed. Rows that aren't stored by then
    /// stay in their queues.
    pub async fn stop(mut self) {
        self.health.stop();
        tokio::time::sleep(self.notice).await;
        self.health.end();
        self.serving.cancel();
        if self.remote {
            // Consuming is independent of the requests under way; neither should use up the other's time. Messages that
            // are held can still be acknowledged.
            self.working.cancel();
        }
        let deadline = tokio::time::Instant::now() + self.drain;
        let left = || deadline.saturating_duration_since(tokio::time::Instant::now());
        let events = &mut self.servers.events;
        if timeout(left(), finished(events)).await.is_err() {
            tracing::warn!("The shutdown timeout ended before all requests were answered.");
            events.shutdown().await;
        }
        if !self.remote {
            // With the in-memory broker every message has a client waiting for it; when none is left, consuming ends by
            // itself.
            self.broker.close(left()).await;
            self.working.cancel();
        }
        if timeout(left(), finished(&mut self.workers)).await.is_err() {
            tracing::warn!(
                "The shutdown timeout ended before all messages were stored; they go back to their queues."
            );
            self.give_up.cancel();
            const LAST_PATIENCE: Duration = Duration::from_secs(2);
            if timeout(LAST_PATIENCE, finished(&mut self.workers))
                .await
                .is_err()
            {
                self.workers.shutdown().await;
            }
        }
        if self.remote {
            self.broker.close(left().max(Duration::from_secs(1))).await;
        }
        // Until here they tell how the drain goes.
        self.operating.cancel();
        self.engine.cancel();
        const ENGINE_PATIENCE: Duration = Duration::from_secs(10);
        if timeout(ENGINE_PATIENCE, finished(&mut self.keeper))
            .await
            .is_err()
        {
            tracing::warn!("The ClickHouse engine did not stop before the shutdown timeout.");
        }
        const OPERATIONS_PATIENCE: Duration = Duration::from_secs(1);
        if timeout(OPERATIONS_PATIENCE, finished(&mut self.servers.ops))
            .await
            .is_err()
        {
            self.servers.ops.shutdown().await;
        }
        self.background.shutdown().await;
    }
}

async fn finished(tasks: &mut JoinSet<()>) {
    while let Some(ended) = tasks.join_next().await {
        if let Err(error) = ended
            && error.is_panic()
        {
            tracing::error!(%error, "A task panicked.");
        }
    }
}
