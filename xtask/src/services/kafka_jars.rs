//! Jars of Apache Kafka, which Maven fetches once into the user's cache.

use std::env;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Version of the broker.
const VERSION: &str = "4.1.1";

/// True if a broker can be started here: Java is there, and the jars are, or Maven to fetch them.
pub(crate) fn can_run() -> bool {
    let program = |name: &str| {
        let mut version = Command::new(name);
        version.arg("-version").stdin(Stdio::null());
        let quiet = version.stdout(Stdio::null()).stderr(Stdio::null()).status();
        quiet.is_ok_and(|status| status.success())
    };
    let fetched = || place().is_ok_and(|place| place.is_dir());
    program("java") && (fetched() || program("mvn"))
}

/// Directory of the jars; they are fetched unless an earlier run has.
pub(super) fn fetch() -> Result<PathBuf> {
    let place = place()?;
    let parent = place.parent().context("the cache has no directory")?;
    fs::create_dir_all(parent)?;
    let lock = File::create(parent.join(format!("kafka-{VERSION}.lock")))?;
    lock.lock()
        .context("cannot wait for another run that fetches the same")?;
    if place.is_dir() {
        return Ok(place);
    }
    eprintln!("Fetching Apache Kafka {VERSION} with Maven (45 MB).");
    let work = tempfile::Builder::new()
        .prefix("kafka-")
        .tempdir_in(parent)?;
    let project = work.path().join("pom.xml");
    fs::write(&project, pom())?;
    let jars = work.path().join("jars");
    let mut maven = Command::new("mvn");
    maven
        .args(["--quiet", "--batch-mode", "--file"])
        .arg(&project);
    maven.args(["dependency:copy-dependencies", "-DincludeScope=runtime"]);
    maven.arg(format!("-DoutputDirectory={}", jars.display()));
    let output = maven.stdin(Stdio::null()).output();
    let output = output.context("cannot run mvn")?;
    if !output.status.success() {
        let text = [output.stdout, output.stderr].concat();
        bail!(
            "Apache Kafka can't be fetched; or set EVENT_GRPC_TEST_KAFKA to a broker of your own\n{}",
            String::from_utf8_lossy(&text)
        );
    }
    fs::rename(&jars, &place)?;
    Ok(place)
}

/// Where the jars are, or will be.
fn place() -> Result<PathBuf> {
    let own = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cache"));
    let cache = own.filter(|path| path.is_absolute()).or_else(home);
    let cache = cache.context("neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(cache.join("event-grpc").join(format!("kafka-{VERSION}")))
}

/// A project that needs the broker and nothing else.
fn pom() -> String {
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n  <modelVersion>4.0.0</modelVersion>\n  \
         <groupId>event-grpc</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>\n  \
         <dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>\
         <version>{VERSION}</version></dependency></dependencies>\n</project>\n"
    )
}
