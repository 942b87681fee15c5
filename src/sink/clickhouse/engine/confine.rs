//! Confinement of the engine's process: what it may still do once it has started.
//!
//! Grants alone don't suffice: the engine takes its user for somebody at a terminal, and reads files without asking for a
//! grant in the function `file` and by settings of formats.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use rustix::process::{Resource, Rlimit, setrlimit};

/// What the engine needs outside of its own directory.
#[derive(Debug)]
pub struct Needs {
    /// Its own directory, in which it may do everything.
    pub directory: PathBuf,
    /// The engine, opened while this process could still open it by its name.
    pub program: File,
    /// True if the engine is to be run as a program, which may be a script that needs others.
    pub runs: bool,
    /// Port on which it listens.
    pub listens: u16,
    /// Port to which it connects.
    pub connects: u16,
}

/// Gives up for good what the engine doesn't need: capabilities, privileges of programs that it might start, core dumps
/// with rows in them. Called while the process has one thread.
pub fn give_up_rights(user: Option<(u32, u32)>) -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)?;
    privileges(user)
}

#[cfg(target_os = "linux")]
fn privileges(user: Option<(u32, u32)>) -> io::Result<()> {
    use rustix::process::{Gid, Uid};
    use rustix::thread::{self, CapabilitySet, CapabilitySets};

    if let Some((user, group)) = user {
        let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
        thread::set_thread_groups(&[])?;
        thread::set_thread_res_gid(group, group, group)?;
        thread::set_thread_res_uid(user, user, user)?;
    }
    let none = CapabilitySet::empty();
    let none = CapabilitySets {
        effective: none,
        permitted: none,
        inheritable: none,
    };
    thread::set_capabilities(None, none)?;
    thread::set_no_new_privs(true)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn privileges(_: Option<(u32, u32)>) -> io::Result<()> {
    Ok(())
}

/// True if the kernel can confine a process to a directory.
pub fn is_available() -> bool {
    #[cfg(target_os = "linux")]
    return landlock::ruleset().is_ok();
    #[cfg(not(target_os = "linux"))]
    return false;
}

/// Confines the calling thread, and what it starts from now on, to what it needs.
///
/// A kernel that can't do that changes nothing: [`is_available`] tells the server, which says so.
pub fn confine(needs: &Needs) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    return landlock::confine(needs);
    #[cfg(not(target_os = "linux"))]
    return {
        let _ = needs;
        Ok(())
    };
}

#[cfg(target_os = "linux")]
mod landlock {
    use std::io;

    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, NetPort, PathBeneath,
        Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError, Scope,
        path_beneath_rules,
    };

    use super::Needs;

    /// Version that lets files move between directories, without which tables can't be dropped.
    const LEAST: ABI = ABI::V2;
    /// Version whose restrictions are used where the kernel has them.
    const WANTED: ABI = ABI::V6;

    /// Files that the engine or the C library read: the process about itself, memory and its limits, shared libraries.
    const READ: [&str; 10] = [
        "/proc/self",
        "/proc/meminfo",
        "/sys/fs/cgroup",
        "/usr/lib",
        "/usr/lib64",
        "/lib",
        "/lib64",
        "/nix/store",
        "/gnu/store",
        "/etc/ld.so.cache",
    ];
    /// Programs and what they read, for an engine that is one.
    const RUN: [&str; 4] = ["/usr", "/bin", "/lib", "/lib64"];
    const DEVICES: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

    pub(super) fn ruleset() -> Result<RulesetCreated, RulesetError> {
        Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(LEAST))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(WANTED))?
            .handle_access(AccessNet::from_all(WANTED))?
            .scope(Scope::AbstractUnixSocket)?
            .create()
    }

    pub(super) fn confine(needs: &Needs) -> io::Result<()> {
        let Ok(ruleset) = ruleset() else {
            return Ok(());
        };
        restrict(ruleset, needs).map_err(io::Error::other)
    }

    fn restrict(ruleset: RulesetCreated, needs: &Needs) -> Result<(), RulesetError> {
        let (all, read) = (
            AccessFs::from_all(WANTED),
            AccessFs::ReadFile | AccessFs::ReadDir,
        );
        let run = read | AccessFs::Execute;
        let programs: &[&str] = if needs.runs { &RUN } else { &[] };
        ruleset
            .add_rules(path_beneath_rules([&needs.directory], all))?
            .add_rules(path_beneath_rules(READ, read))?
            .add_rules(path_beneath_rules(programs, run))?
            .add_rule(PathBeneath::new(
                &needs.program,
                AccessFs::ReadFile | AccessFs::Execute,
            ))?
            .add_rules(path_beneath_rules(DEVICES, read | AccessFs::WriteFile))?
            .add_rule(NetPort::new(needs.listens, AccessNet::BindTcp))?
            .add_rule(NetPort::new(needs.connects, AccessNet::ConnectTcp))?
            .restrict_self()?;
        Ok(())
    }
}
