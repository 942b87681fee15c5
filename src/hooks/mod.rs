//! Hooks: functions that run in the transaction that stores a batch. The pipeline names them; this module provides
//! them.
//!
//! A hook is a few statements over all messages of a batch, never one a message. It must be idempotent, because a batch
//! may be sent twice.

mod referral;

use crate::generated::hooks::Hook;
use crate::sink::postgres::hook::{self, Hooks};

/// Registry of all hooks that the pipeline names. A new name must get a function here.
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
