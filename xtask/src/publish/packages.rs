//! The packages: how each is built from a copy of its library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::copy;

/// The builder of Python's packages.
const PYTHON_BUILD: &str = "build==1.6.1";

/// Packs the files of this folder, and no folders, which Go refuses in the zip of a module.
const PYTHON_ZIP: &str = "import pathlib, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as packed:
    for path in sorted(pathlib.Path('.').rglob('*')):
        if path.is_file():
            packed.write(path)";

/// A package of a registry.
pub(super) struct Package {
    /// The registry.
    pub(super) name: &'static str,
    /// The library's folder below `clients/`.
    library: &'static str,
    /// Builds it in a copy of the library, and says which files it is.
    build: fn(&Job<'_>) -> Result<Vec<PathBuf>>,
}

/// All of them.
pub(super) const PACKAGES: [Package; 5] = [
    Package {
        name: "npm",
        library: "typescript",
        build: npm,
    },
    Package {
        name: "maven",
        library: "java",
        build: maven,
    },
    Package {
        name: "pypi",
        library: "python",
        build: pypi,
    },
    Package {
        name: "go",
        library: "go",
        build: go,
    },
    Package {
        name: "crates",
        library: "rust",
        build: crates,
    },
];

/// A build.
struct Job<'a> {
    root: &'a Path,
    /// The copy.
    place: PathBuf,
    version: &'a str,
}

/// Builds a package from a fresh copy of its library.
pub(super) fn build(package: &Package, root: &Path, version: &str) -> Result<Vec<PathBuf>> {
    let library = root.join("clients").join(package.library);
    if !library.is_dir() {
        bail!("there is no clients/{}", package.library);
    }
    let place = root.join("target/publish").join(package.name);
    copy::folder(root, &library, &place)?;
    let job = Job {
        root,
        place,
        version,
    };
    (package.build)(&job)
}

fn npm(job: &Job<'_>) -> Result<Vec<PathBuf>> {
    let manifest = job.place.join("package.json");
    copy::set(&manifest, "\"version\": \"", "\"", job.version)?;
    copy::replace(
        &manifest,
        "\"files\": [",
        "\"files\": [\"LICENSE-*\", \"CHANGELOG.md\", ",
    )?;
    job.run(
        "npm",
        &[
            "ci",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
        ],
    )?;
    job.run("npm", &["run", "--silent", "build"])?;
    // It is built: npm warns whoever installs a package of a script that would build it.
    copy::replace(&manifest, "    \"prepare\": \"npm run build\",\n", "")?;
    job.run("npm", &["pack", "--silent"])?;
    copy::files(&job.place, ".tgz")
}

fn maven(job: &Job<'_>) -> Result<Vec<PathBuf>> {
    const MODULES: [&str; 2] = ["core", "grpc"];
    let parent = job.place.join("pom.xml");
    let before = copy::set(&parent, "<version>", "</version>", job.version)?;
    for module in MODULES.iter().chain(["example"].iter()) {
        let manifest = job.place.join(module).join("pom.xml");
        let of = |version: &str| format!("<version>{version}</version>");
        copy::replace(&manifest, &of(&before), &of(job.version))?;
    }
    for module in MODULES {
        // A name of its own, since what is alike in two jars is a conflict on Android.
        let resources = format!("{module}/src/main/resources/META-INF/eventgrpc-{module}");
        copy::common(job.root, &job.place.join(resources))?;
    }
    // A repository of files is what a registry is sent, and what a project on this machine can take the library from.
    let repository = job.root.join("target/publish/maven-repository");
    copy::emptied(&repository)?;
    let to = format!(
        "-DaltDeploymentRepository=published::file:{}",
        repository.display()
    );
    job.run(
        "mvn",
        &[
            "-q",
            "-B",
            "-ntp",
            "-DskipTests",
            "-Prelease",
            "-pl",
            "core,grpc",
            "-am",
            // What is built here is for others, and not for this user's own repository.
            "-Dmaven.install.skip=true",
            &to,
            "deploy",
        ],
    )?;
    let mut files = Vec::new();
    for name in ["event-grpc-client", "event-grpc-client-grpc"] {
        let folder = repository.join("eventgrpc").join(name).join(job.version);
        files.extend(copy::files(&folder, ".jar")?);
        files.extend(copy::files(&folder, ".pom")?);
    }
    Ok(files)
}

fn pypi(job: &Job<'_>) -> Result<Vec<PathBuf>> {
    copy::set(
        &job.place.join("pyproject.toml"),
        "\nversion = \"",
        "\"",
        job.version,
    )?;
    fs::write(job.place.join("MANIFEST.in"), "include CHANGELOG.md\n")?;
    let tools = job.root.join("target/publish/python");
    let python = tools.join("bin/python").to_string_lossy().into_owned();
    job.run("python3", &["-m", "venv", &tools.to_string_lossy()])?;
    job.run(
        &python,
        &[
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            PYTHON_BUILD,
        ],
    )?;
    job.run(&python, &["-m", "build", "--sdist", "--wheel"])?;
    let mut files = copy::files(&job.place.join("dist"), ".tar.gz")?;
    files.extend(copy::files(&job.place.join("dist"), ".whl")?);
    Ok(files)
}

/// A folder that is laid out like a module proxy: <https://go.dev/ref/mod#goproxy-protocol>.
fn go(job: &Job<'_>) -> Result<Vec<PathBuf>> {
    job.run("go", &["vet", "./..."])?;
    let said = job.run("go", &["list", "-m"])?;
    let (name, version) = (said.trim(), format!("v{}", job.version));
    let module = format!("{name}@{version}");
    // A module's zip has its files in a folder that is named like the module and its version.
    let zipped = job.root.join("target/publish/go-module");
    copy::emptied(&zipped)?;
    copy::folder(
        job.root,
        &job.root.join("clients/go"),
        &zipped.join(&module),
    )?;
    let proxy = job.root.join("target/publish/go-proxy");
    copy::emptied(&proxy)?;
    let served = proxy.join(name).join("@v");
    fs::create_dir_all(&served)?;
    let named = |ending: &str| served.join(format!("{version}.{ending}"));
    let (zip, info, manifest) = (named("zip"), named("info"), named("mod"));
    let packing = Job {
        place: zipped,
        ..*job
    };
    packing.run("python3", &["-c", PYTHON_ZIP, &zip.to_string_lossy()])?;
    fs::copy(job.place.join("go.mod"), &manifest)?;
    fs::write(&info, format!("{{\"Version\":\"{version}\"}}\n"))?;
    fs::write(served.join("list"), format!("{version}\n"))?;
    // Go takes only what is packed as it wants it.
    let source = format!("GOPROXY=file://{}", proxy.display());
    let cache = job.root.join("target/publish/go-cache");
    copy::emptied(&cache)?;
    let cache = format!("GOMODCACHE={}", cache.display());
    let download = ["go", "mod", "download", "-modcacherw", &module];
    packing.run(
        "env",
        &[&[&source, &cache, "GOSUMDB=off"][..], &download].concat(),
    )?;
    Ok(vec![zip, info, manifest])
}

fn crates(job: &Job<'_>) -> Result<Vec<PathBuf>> {
    let manifest = job.place.join("Cargo.toml");
    copy::set(&manifest, "\nversion = \"", "\"", job.version)?;
    // It is a package alone, wherever the copy lies.
    let text = fs::read_to_string(&manifest)?;
    fs::write(&manifest, format!("{text}\n[workspace]\n"))?;
    job.run(
        "cargo",
        &[
            "package",
            "--quiet",
            "--no-verify",
            "--allow-dirty",
            "--target-dir",
            "target",
        ],
    )?;
    copy::files(&job.place.join("target/package"), ".crate")
}

impl Job<'_> {
    /// Runs a program in the copy, and returns what it says.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let mut command = match program {
            "cargo" => crate::cargo(),
            program => Command::new(program),
        };
        let output = command
            .args(arguments)
            .current_dir(&self.place)
            .output()
            .with_context(|| format!("cannot run {program}"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            let last: Vec<&str> = errors.lines().chain(said.lines()).rev().take(12).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            bail!(
                "`{program} {}` failed:\n{}",
                arguments.join(" "),
                last.join("\n")
            );
        }
        Ok(said)
    }
}
