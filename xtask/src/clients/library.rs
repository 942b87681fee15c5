//! The client libraries: how each is built and tested, and how its driver is started.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// A client library, in `clients/NAME`.
#[derive(Debug)]
pub(crate) struct Library {
    /// Its name, and its folder's.
    pub(crate) name: &'static str,
    /// Programs that it needs, each with where to have it from.
    needs: &'static [(&'static str, &'static str)],
    /// Commands that build it, in its folder.
    build: &'static [&'static str],
    /// Commands that run its own tests, in its folder.
    tests: &'static [&'static str],
    /// Command that starts its driver, in the project's folder.
    driver: &'static str,
}

/// All of them.
pub(crate) static LIBRARIES: [Library; 4] = [
    Library {
        name: "typescript",
        needs: &[
            ("node", "Node.js 20 or later"),
            ("npm", "comes with Node.js"),
        ],
        build: &[
            "npm ci --silent --no-audit --no-fund",
            "npm run --silent build",
        ],
        tests: &["npm test --silent"],
        driver: "node clients/typescript/test/driver.mjs",
    },
    Library {
        name: "java",
        needs: &[("java", "JDK 11 or later"), ("mvn", "Apache Maven")],
        build: &["mvn -q -B -ntp -DskipTests package"],
        tests: &["mvn -q -B -ntp test"],
        driver: "java -cp clients/java/core/target/classes:clients/java/core/target/test-classes eventgrpc.driver.Driver",
    },
    Library {
        name: "python",
        needs: &[("python3", "Python 3.9 or later")],
        build: &[],
        tests: &["python3 -m unittest discover -q -s tests"],
        driver: "python3 clients/python/tests/driver.py",
    },
    Library {
        name: "go",
        needs: &[("go", "Go 1.22 or later")],
        build: &["go build -o ../../target/clients/go-driver ./driver"],
        tests: &["go vet ./...", "go test ./..."],
        driver: "target/clients/go-driver",
    },
];

/// A program that isn't there.
pub(crate) struct Missing {
    /// Its name.
    pub(crate) program: &'static str,
    /// Where to have it from.
    pub(crate) how: &'static str,
}

impl Library {
    /// The first program that it needs and that isn't on the path.
    pub(crate) fn missing(&self) -> Option<Missing> {
        let missing = self.needs.iter().find(|(program, _)| !is_on_path(program));
        missing.map(|(program, how)| Missing { program, how })
    }

    /// Builds it.
    pub(crate) fn build(&self, root: &Path) -> Result<()> {
        self.all(root, self.build)
    }

    /// Runs its own tests.
    pub(crate) fn test(&self, root: &Path) -> Result<()> {
        self.all(root, self.tests)
    }

    /// `NAME=COMMAND` for the load generator.
    pub(crate) fn driver(&self) -> String {
        format!("{}={}", self.name, self.driver)
    }

    fn all(&self, root: &Path, commands: &[&str]) -> Result<()> {
        for command in commands {
            println!("{}: {command}", self.name);
            let mut words = command.split_whitespace();
            let program = words.next().context("a command has no words")?;
            let status = Command::new(program)
                .args(words)
                .current_dir(root.join("clients").join(self.name))
                .status()
                .with_context(|| format!("cannot run {program}"))?;
            if !status.success() {
                bail!("`{command}` failed in clients/{}", self.name);
            }
        }
        Ok(())
    }
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder: PathBuf| folder.join(program).is_file())
}
