//! Build: version and commit of this program.

/// What this program was built from.
#[derive(Debug, Clone, Copy)]
pub struct Build {
    /// The version of the package.
    pub version: &'static str,
    /// The commit, with `+` if files had been changed since; `unknown` in debug builds and where nobody knew.
    pub commit: &'static str,
}

/// This build.
pub const BUILD: Build = Build {
    version: env!("CARGO_PKG_VERSION"),
    commit: env!("BUILT_FROM_COMMIT"),
};
