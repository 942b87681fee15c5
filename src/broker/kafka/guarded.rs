//! Guarded: what of the library panics at what other producers wrote, such as names that are not UTF-8. It costs that one
//! value, and neither the log nor a report of panics hears of it: whoever writes to a topic could fill them.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// What it gives, or none if it panics.
pub(super) fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic);
            }
        }));
    });
    let before = QUIET.replace(true);
    let value = catch_unwind(AssertUnwindSafe(run)).ok();
    QUIET.set(before);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_no_value_and_only_this_thread_is_quiet() {
        assert_eq!(guarded(|| 7), Some(7));
        let numbers: &[u8] = &[];
        assert_eq!(guarded(|| numbers[std::hint::black_box(3)]), None);
        assert!(!QUIET.get());
    }
}
