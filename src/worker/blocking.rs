//! Long-running work, kept away from the threads that serve connections.

use tokio::runtime::{Handle, RuntimeFlavor};

/// Size from which work takes long, some milliseconds, in bytes.
const LARGE: u64 = 512 << 10;

/// Runs work on so many bytes. If it takes long, other tasks of this thread continue elsewhere meanwhile.
pub(super) fn work<T>(bytes: u64, work: impl FnOnce() -> T) -> T {
    let threads = Handle::try_current().map(|handle| handle.runtime_flavor());
    match threads {
        Ok(RuntimeFlavor::MultiThread) if bytes >= LARGE => tokio::task::block_in_place(work),
        _ => work(),
    }
}
