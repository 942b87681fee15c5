//! Trials: inputs that once broke the server, and others of their kinds. Each costs at most a fixed multiple of its own
//! bytes, harms at most itself, and ends as a row, a dead letter, or a refusal that its sender can read.

mod around;
mod blocks;
mod connections;
mod culprits;
mod dispatch;
mod ids;
mod json;
mod letters;
mod requests;
mod texts;
mod values;
mod webhooks;
