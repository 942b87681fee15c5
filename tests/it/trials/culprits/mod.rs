//! Single messages that stop every queue.

mod exchanges;
mod letters;
mod raw;
mod unreadable;
