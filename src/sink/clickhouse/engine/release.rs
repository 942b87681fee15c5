//! Which engine this build was made for, and how it is recognised.

/// One published engine: a package that holds the library for one kind of machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Release {
    /// The package's version, which names the directory in the cache as well.
    pub(super) version: &'static str,
    /// The package's name.
    pub(super) package: &'static str,
    /// The size of the packed file in bytes, for the progress bar.
    pub(super) packed: u64,
    /// The size of the library in bytes, for the progress bar and as a limit.
    pub(super) unpacked: u64,
    /// The SHA-256 checksum of the library.
    pub(super) sha256: &'static str,
}

/// The version of the engine that this build was tried with.
pub(super) const VERSION: &str = "26.7.3-stable.1";

/// The release for Linux with glibc on x86-64, the only one whose checksum is known.
const LINUX_X86_64: Release = Release {
    version: VERSION,
    package: "@chdb/lib-linux-x64-gnu",
    packed: 177_817_999,
    unpacked: 566_330_096,
    sha256: "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5",
};

/// The release for the machine that this build is for.
pub(super) const fn of_this_machine() -> Option<Release> {
    if cfg!(all(
        target_os = "linux",
        target_arch = "x86_64",
        target_env = "gnu"
    )) {
        Some(LINUX_X86_64)
    } else {
        None
    }
}

impl Release {
    /// The package and its version, as npm writes them.
    pub(super) fn specifier(&self) -> String {
        format!("{}@{}", self.package, self.version)
    }
}
