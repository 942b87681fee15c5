//! Engine release that this build expects, and its checksum.

/// Published engine: a package that holds the library for one platform.
#[derive(Debug, Clone, Copy)]
pub(super) struct Release {
    /// Version of the package, which also names the directory in the cache.
    pub(super) version: &'static str,
    /// The package's name.
    pub(super) package: &'static str,
    /// Size of the packed file in bytes, for the progress bar.
    pub(super) packed: u64,
    /// Size of the library in bytes, for the progress bar and as a limit.
    pub(super) unpacked: u64,
    /// SHA-256 checksum of the library.
    pub(super) sha256: &'static str,
}

/// Version of the engine that this build was tested with.
pub(super) const VERSION: &str = "26.7.3-stable.1";

/// File name of the library, in the package and in the cache.
pub(super) const LIBRARY: &str = "libchdb.so";

/// Release for Linux with glibc on x86-64, the only one whose checksum is known.
const LINUX_X86_64: Release = Release {
    version: VERSION,
    package: "@chdb/lib-linux-x64-gnu",
    packed: 177_817_999,
    unpacked: 566_330_096,
    sha256: "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5",
};

/// Release for the platform of this build.
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
    /// Package and version, as npm writes them.
    pub(super) fn specifier(&self) -> String {
        format!("{}@{}", self.package, self.version)
    }
}
