//! A rule that declarations must keep, as `cargo xtask explain CODE` shows it.

/// A rule that declarations must keep.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Never changes and is never reused.
    pub(crate) code: &'static str,
    /// A few words in kebab case.
    pub(crate) name: &'static str,
    /// One sentence.
    pub(crate) purpose: &'static str,
    /// Explanation: the reason, and what to do.
    pub(crate) text: &'static str,
    /// Example that breaks it.
    pub(crate) bad: &'static str,
    /// Example that keeps it.
    pub(crate) good: &'static str,
}
