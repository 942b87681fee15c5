//! Catches panics, so that one costs a message and not the worker.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt as _;

use crate::metrics::process::PANICS;

/// Runs code that may panic; an error holds the panic's text. The caller discards what is half done.
pub(super) fn catch_panic<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(told)
}

/// Runs asynchronous code that may panic, likewise.
pub(super) async fn catch_panic_async<T>(run: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(run).catch_unwind().await.map_err(told)
}

fn told(panic: Box<dyn Any + Send>) -> String {
    PANICS.increment();
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (None, Some(text)) => text.clone(),
        (None, None) => "without a word".to_owned(),
    };
    let text = format!("a defect of this build: {text}");
    tracing::error!(panic = text, "A panic was caught; its message is retried.");
    text
}
