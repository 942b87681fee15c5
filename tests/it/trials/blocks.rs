//! Small messages that become large blocks, and inserts that never end.
