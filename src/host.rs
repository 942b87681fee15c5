//! Name of this machine, by which its reports are told from those of others.

/// Name of this machine; empty if it isn't known.
pub fn name() -> String {
    let of_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = of_kernel.or_else(|| std::env::var("HOSTNAME").ok());
    name.unwrap_or_default().trim().to_owned()
}
