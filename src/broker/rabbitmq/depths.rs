//! Queue depths, as the broker reports them. Nothing is changed, nothing declared.

use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Channel, Error, ErrorKind};

use super::address::Address;
use super::declare::name;
use super::dial::Session;

/// AMQP's code for a queue that isn't there.
const NOT_FOUND: u16 = 404;

/// Asks for the depths of queues, over a connection of its own.
pub struct Depths {
    session: Session,
    channel: Option<Channel>,
}

/// Contents of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Number of ready messages. Messages that consumers hold are not included.
    pub ready: u64,
    /// Number of consumers.
    pub consumers: u64,
}

/// Reason why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DepthError {
    /// There is no connection.
    #[error("RabbitMQ can't be reached: {0}")]
    Dial(String),
    /// The broker refused to tell, or the connection broke.
    #[error("RabbitMQ says: {0}")]
    Broker(#[from] Error),
}

impl Depths {
    /// Connects, under the name that the broker shows for it.
    pub async fn dial(address: &Address, name: &str) -> Result<Self, DepthError> {
        let dialled = Session::dial(address, name).await;
        let session = dialled.map_err(DepthError::Dial)?;
        Ok(Depths {
            session,
            channel: None,
        })
    }

    /// Depth of a queue; none if it doesn't exist.
    pub async fn of(&mut self, queue: &str) -> Result<Option<Depth>, DepthError> {
        let channel = match self.channel.take() {
            Some(channel) => channel,
            None => {
                let opened = self.session.connection.create_channel();
                self.session.ask(opened).await?
            }
        };
        let options = QueueDeclareOptions {
            passive: true,
            ..Default::default()
        };
        let found = channel.queue_declare(name(queue)?, options, FieldTable::default());
        match self.session.ask(found).await {
            Ok(queue) => {
                self.channel = Some(channel);
                Ok(Some(Depth {
                    ready: u64::from(queue.message_count()),
                    consumers: u64::from(queue.consumer_count()),
                }))
            }
            // It closes the channel: the next question gets a new one.
            Err(error) => match error.kind() {
                ErrorKind::ProtocolError(refusal) if refusal.get_id() == NOT_FOUND => Ok(None),
                _ => Err(error.into()),
            },
        }
    }

    /// True if the connection is usable.
    pub fn is_up(&self) -> bool {
        self.session.is_up()
    }

    /// Says goodbye.
    pub async fn close(self) {
        self.session.close().await;
    }
}
