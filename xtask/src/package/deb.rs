//! The Debian package: the program, its unit and user, its settings, what is made for other servers, and the documents.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::{copy, output, version};

/// Files of the project, and where they are installed.
const FILES: [(&str, &str); 6] = [
    (
        "deploy/systemd/event-grpc.service",
        "usr/lib/systemd/system/event-grpc.service",
    ),
    (
        "deploy/systemd/event-grpc.conf",
        "usr/lib/sysusers.d/event-grpc.conf",
    ),
    ("deploy/systemd/event-grpc.env", CONFIGURATION),
    (
        "deploy/rolling.sh",
        "usr/share/doc/event-grpc/examples/rolling.sh",
    ),
    (
        "deploy/backup.sh",
        "usr/share/doc/event-grpc/examples/backup.sh",
    ),
    (
        "deploy/debian/overrides",
        "usr/share/lintian/overrides/event-grpc",
    ),
];

/// The settings, which an upgrade asks about if both sides changed them.
const CONFIGURATION: &str = "etc/event-grpc/event-grpc.env";

/// Scripts of the package's own.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];

/// Documents beside those of `docs/`.
const DOCUMENTS: [&str; 3] = ["README.md", "RELIABILITY.md", "SECURITY.md"];

const PROGRAM: &str = "usr/bin/event-grpc";

/// Builds the package in `place`, with this program.
pub(super) fn build(root: &Path, place: &Path, binary: &Path) -> Result<PathBuf> {
    let tree = place.join("deb");
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    copy(binary, &tree.join(PROGRAM))?;
    // Symbols for debuggers are most of its size. What `cargo auditable` writes stays.
    output(
        Command::new("strip")
            .arg("--strip-unneeded")
            .arg(tree.join(PROGRAM)),
    )?;
    for (from, to) in FILES {
        copy(&root.join(from), &tree.join(to))?;
    }
    made(root, &tree)?;
    documents(root, &tree)?;
    let version = version(root)?;
    control(root, &tree, &version)?;
    modes(&tree)?;
    let architecture = output(Command::new("dpkg").arg("--print-architecture"))?;
    let package = place.join(format!("event-grpc_{version}_{}.deb", architecture.trim()));
    let mut build = Command::new("dpkg-deb");
    build.args(["--build", "--root-owner-group"]);
    output(build.arg(&tree).arg(&package))?;
    Ok(package)
}

/// Puts what is made for RabbitMQ, Prometheus and Grafana in its place.
fn made(root: &Path, tree: &Path) -> Result<()> {
    let folder = tree.join("usr/share/event-grpc");
    let definitions = "definitions.json";
    copy(
        &root.join("generated").join(definitions),
        &folder.join(definitions),
    )?;
    super::folder(&root.join("generated/ops"), &folder.join("ops"))
}

/// Puts the documents, the manual page, the changelog and the licences in their places.
fn documents(root: &Path, tree: &Path) -> Result<()> {
    let folder = tree.join("usr/share/doc/event-grpc");
    for name in DOCUMENTS {
        copy(&root.join(name), &folder.join(name))?;
    }
    for entry in fs::read_dir(root.join("docs"))? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|of| of == "md") && entry.file_name() != "README.md"
        {
            copy(&entry.path(), &folder.join(entry.file_name()))?;
        }
    }
    let mit = fs::read_to_string(root.join("LICENSE-MIT"))?;
    let lines = mit.lines().map(|line| match line.trim() {
        "" => " .".to_owned(),
        line => format!(" {line}"),
    });
    let mit: Vec<String> = lines.collect();
    let copyright = fs::read_to_string(root.join("deploy/debian/copyright"))?;
    fs::write(
        folder.join("copyright"),
        copyright.replace("@MIT@", &mit.join("\n")),
    )?;
    let date = output(Command::new("date").arg("--rfc-email"))?;
    let entry = format!(
        "event-grpc ({}) unstable; urgency=medium\n\n  * What is new is in CHANGELOG.md of the project.\n\n -- {}  {}",
        version(root)?,
        maintainer(),
        date
    );
    zipped(&entry, &folder.join("changelog.gz"))?;
    let manual = fs::read_to_string(root.join("deploy/debian/event-grpc.1"))?;
    zipped(&manual, &tree.join("usr/share/man/man1/event-grpc.1.gz"))
}

/// Who packs it, as Debian's tools are told.
fn maintainer() -> String {
    let told = |name: &str, other: &str| std::env::var(name).unwrap_or_else(|_| other.to_owned());
    let name = told("DEBFULLNAME", "event-grpc");
    format!("{name} <{}>", told("DEBEMAIL", "event-grpc@localhost"))
}

/// Writes a text, compressed and without a time in it.
fn zipped(text: &str, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut gzip = Command::new("gzip");
    gzip.args(["--best", "--no-name"]).stdin(Stdio::piped());
    let mut gzip = gzip
        .stdout(fs::File::create(to)?)
        .spawn()
        .context("cannot run gzip")?;
    if let Some(input) = &mut gzip.stdin {
        input.write_all(text.as_bytes())?;
    }
    match gzip.wait()?.success() {
        true => Ok(()),
        false => bail!("gzip failed"),
    }
}

/// Writes what dpkg reads: the package's description, its scripts, and which files are its user's.
fn control(root: &Path, tree: &Path, version: &str) -> Result<()> {
    let folder = tree.join("DEBIAN");
    fs::create_dir_all(&folder)?;
    let size: u64 = files(tree)?
        .iter()
        .map(|file| file.metadata().map_or(0, |file| file.len().div_ceil(1024)))
        .sum();
    let text = fs::read_to_string(root.join("deploy/debian/control"))?
        .replace("@VERSION@", version)
        .replace(
            "@ARCHITECTURE@",
            output(Command::new("dpkg").arg("--print-architecture"))?.trim(),
        )
        .replace("@DEPENDS@", &libraries(tree)?)
        .replace("@MAINTAINER@", &maintainer())
        .replace("@SIZE@", &size.to_string());
    fs::write(folder.join("control"), text)?;
    fs::write(folder.join("conffiles"), format!("/{CONFIGURATION}\n"))?;
    for name in SCRIPTS {
        copy(&root.join("deploy/debian").join(name), &folder.join(name))?;
    }
    let mut sums = String::new();
    for file in files(tree)? {
        let name = file.strip_prefix(tree)?;
        if !name.starts_with("DEBIAN") && name != Path::new(CONFIGURATION) {
            let sum = output(Command::new("md5sum").arg(name).current_dir(tree))?;
            sums += &sum;
        }
    }
    fs::write(folder.join("md5sums"), sums)?;
    Ok(())
}

/// Packages of the shared libraries that the program needs, with the oldest versions that have what it calls.
fn libraries(tree: &Path) -> Result<String> {
    let place = tempfile::tempdir()?;
    fs::create_dir(place.path().join("debian"))?;
    fs::write(
        place.path().join("debian/control"),
        "Source: event-grpc\n\nPackage: event-grpc\nArchitecture: any\n",
    )?;
    let mut find = Command::new("dpkg-shlibdeps");
    find.arg("-O").arg(fs::canonicalize(tree.join(PROGRAM))?);
    let found = output(find.current_dir(place.path())).context("install dpkg-dev")?;
    let depends = found.trim().strip_prefix("shlibs:Depends=");
    Ok(depends
        .context("dpkg-shlibdeps found no library")?
        .to_owned())
}

/// All files below a folder, in their order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => found.extend(files(&entry.path())?),
            false => found.push(entry.path()),
        }
    }
    found.sort();
    Ok(found)
}

/// Sets the modes that Debian has, whatever the umask was.
fn modes(folder: &Path) -> Result<()> {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            modes(&path)?;
            continue;
        }
        let runs = path.ends_with(PROGRAM)
            || path.extension().is_some_and(|of| of == "sh")
            || SCRIPTS
                .iter()
                .any(|name| path.ends_with(Path::new("DEBIAN").join(name)));
        let mode = if runs { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}
