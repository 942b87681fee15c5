//! Storing in a real PostgreSQL: what is stored once, what each kind of failure looks like, and referrals.

pub(crate) mod support;

pub(crate) mod catalogue;
mod faults;
mod hooks;
mod migrate;
mod off;
mod rabbit;
mod referral;
mod renamed;
mod store;
mod storm;
