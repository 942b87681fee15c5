//! Single messages that stop every queue.
