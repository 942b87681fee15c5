//! Work that takes long, kept away from the threads that serve connections.

use tokio::runtime::{Handle, RuntimeFlavor};

/// From how many bytes on work takes long: some milliseconds.
const LARGE: u64 = 512 << 10;

/// Does work on so many bytes. Where that takes long, the other tasks of this thread go on elsewhere meanwhile.
pub(super) fn work<T>(bytes: u64, work: impl FnOnce() -> T) -> T {
    let threads = Handle::try_current().map(|handle| handle.runtime_flavor());
    match threads {
        Ok(RuntimeFlavor::MultiThread) if bytes >= LARGE => tokio::task::block_in_place(work),
        _ => work(),
    }
}
