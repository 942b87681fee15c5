//! What happens in the transaction of a batch beside its rows. The pipeline names the hooks; this says what they are.
//!
//! A hook is a few statements over all messages of a batch, never one a message, and comes to the same when it runs
//! again: the batch may be sent twice.

mod referral;

use crate::generated::hooks::Hook;
use crate::sink::postgres::hook::{self, Hooks};

/// Every hook that the pipeline names. A name that is new there has to get a function here.
pub fn all() -> Hooks {
    Hooks::new(Hook::ALL.iter().map(|hook| (hook.name(), function(*hook))))
}

fn function(hook: Hook) -> hook::Hook {
    match hook {
        Hook::SignupReferral => referral::signup,
        Hook::LaunchReferral => referral::launch,
        Hook::ProfileCompletion => referral::profile_completion,
    }
}
