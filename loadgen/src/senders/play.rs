//! One scenario with one library.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::driver::{Driver, Library};
use super::pattern::Named;
use super::request::Request;
use super::scenario::Scenario;
use super::server::Server;

/// How long a scenario waits for requests.
const PATIENCE: Duration = Duration::from_secs(20);

/// Plays a scenario; an error says what didn't go as written.
pub(super) async fn play(library: &Library, scenario: &Scenario) -> anyhow::Result<()> {
    let storage = tempfile::Builder::new().prefix("scenario-").tempdir()?;
    let mut stage = Stage {
        library,
        scenario,
        server: Server::start(scenario.answers.clone()).await?,
        driver: None,
        storage: storage.path(),
        named: Named::default(),
    };
    for (at, step) in scenario.steps.iter().enumerate() {
        let done = stage.step(step).await;
        done.with_context(|| format!("step {at}, {}", Value::Object(step.clone())))?;
    }
    let mut named = stage.named;
    if let Some(driver) = &mut stage.driver {
        let counters = driver.ask(&command("counters")).await?;
        let found = counters.as_object().context("the counters are no object")?;
        let compared = named.object(&scenario.counters, found);
        compared.with_context(|| format!("counters, {counters}"))?;
        consistent(found)?;
    }
    match &scenario.requests {
        Some(expected) => requests(expected, &stage.server.requests(), &mut named),
        None => Ok(()),
    }
}

/// Who takes part.
struct Stage<'s> {
    library: &'s Library,
    scenario: &'s Scenario,
    server: Server,
    driver: Option<Driver>,
    storage: &'s Path,
    named: Named,
}

impl Stage<'_> {
    async fn step(&mut self, step: &Map<String, Value>) -> anyhow::Result<()> {
        let what = step.get("do").and_then(Value::as_str).unwrap_or_default();
        match what {
            "kill" => match self.driver.take() {
                Some(driver) => driver.kill().await,
                None => bail!("there is no driver to kill"),
            },
            "down" => {
                self.server.down().await;
                Ok(())
            }
            "up" => self.server.up().await,
            "answers" => {
                let answers = step.get("answers").cloned().unwrap_or_default();
                let answers: Vec<Answer> = serde_json::from_value(answers)?;
                self.server.answer(answers);
                Ok(())
            }
            "wait" => {
                let count = step.get("requests").and_then(Value::as_u64).unwrap_or(1);
                self.wait(usize::try_from(count)?).await
            }
            "sleep" => {
                let ms = step.get("ms").and_then(Value::as_u64).unwrap_or(0);
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Ok(())
            }
            "spoil" => spoil(self.storage),
            _ => self.ask(step).await,
        }
    }

    /// A command for the driver, which is started for the first one.
    async fn ask(&mut self, step: &Map<String, Value>) -> anyhow::Result<()> {
        let is_open = step.get("do").is_some_and(|what| what == "open");
        if self.driver.is_none() && !is_open {
            self.tell(&command("open")).await?;
        }
        let answer = self.tell(step).await?;
        match step.get("expect") {
            Some(expected) => self
                .named
                .compare(expected, &answer)
                .with_context(|| format!("the driver answered {answer}")),
            None => {
                ensure!(
                    answer.get("error").is_none(),
                    "the driver answered {answer}"
                );
                Ok(())
            }
        }
    }

    async fn tell(&mut self, step: &Map<String, Value>) -> anyhow::Result<Value> {
        let mut command = step.clone();
        command.remove("expect");
        if command.get("do").is_some_and(|what| what == "open") {
            self.complete(&mut command);
        }
        let driver = match &mut self.driver {
            Some(driver) => driver,
            None => self.driver.insert(Driver::start(self.library)?),
        };
        driver.ask(&command).await
    }

    /// Adds the scenario's own to a command that opens a client.
    fn complete(&self, open: &mut Map<String, Value>) {
        let endpoint = json!(self.server.url());
        open.entry("endpoint").or_insert(endpoint);
        for (key, value) in &self.scenario.open {
            open.entry(key.clone()).or_insert(value.clone());
        }
        let config = Value::Object(self.scenario.config.clone());
        open.entry("config").or_insert(config);
        if open.get("storage") == Some(&Value::Bool(true)) {
            let folder = json!(self.storage.to_string_lossy());
            open.insert("storage".to_owned(), folder);
        }
    }

    async fn wait(&self, count: usize) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let came = self.server.requests().len();
            if came >= count {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "only {came} requests came");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn command(what: &str) -> Map<String, Value> {
    Map::from_iter([("do".to_owned(), json!(what))])
}

/// Writes what is no record into the middle and at the end of each file.
fn spoil(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            spoil(&path)?;
        } else if fs::metadata(&path)?.len() > 0 {
            let mut file = OpenOptions::new().append(true).open(&path)?;
            file.write_all(b"\n\x00\xff{\"half\": \n{\"ha")?;
        }
    }
    Ok(())
}

/// What was taken is somewhere.
fn consistent(counters: &Map<String, Value>) -> anyhow::Result<()> {
    let number = |name: &str| counters.get(name).and_then(Value::as_u64).unwrap_or(0);
    let given_up: u64 = counters
        .get("given_up")
        .and_then(Value::as_object)
        .map_or(0, |by_reason| {
            by_reason.values().filter_map(Value::as_u64).sum()
        });
    let (taken, accepted, queued) = (number("taken"), number("accepted"), number("queued"));
    ensure!(
        taken == accepted + given_up + queued,
        "taken {taken} isn't accepted {accepted} + given up {given_up} + queued {queued}"
    );
    Ok(())
}

/// Compares all requests with what a scenario expects.
fn requests(
    expected: &[Map<String, Value>],
    came: &[Request],
    named: &mut Named,
) -> anyhow::Result<()> {
    let bodies: Vec<String> = came
        .iter()
        .map(|request| match &request.body {
            Ok(body) => body.to_string(),
            Err(error) => error.clone(),
        })
        .collect();
    let shown = bodies.join("\n  ");
    ensure!(
        expected.len() == came.len(),
        "{} requests expected, {} came:\n  {shown}",
        expected.len(),
        came.len()
    );
    for (at, (pattern, request)) in expected.iter().zip(came).enumerate() {
        let before = at.checked_sub(1).and_then(|before| came.get(before));
        let compared = one(pattern, request, before, came, named);
        compared.with_context(|| format!("request {at} of\n  {shown}"))?;
    }
    Ok(())
}

fn one(
    pattern: &Map<String, Value>,
    request: &Request,
    before: Option<&Request>,
    came: &[Request],
    named: &mut Named,
) -> anyhow::Result<()> {
    let body = request.body.as_ref().map_err(|e| anyhow::anyhow!("{e}"))?;
    for (key, expected) in pattern {
        match (key.as_str(), expected) {
            ("same_as", Value::Number(at)) => {
                let at = usize::try_from(at.as_u64().unwrap_or_default())?;
                let other = came.get(at).context("`same_as` names no request")?;
                let is_same = other.body.as_ref() == Ok(body);
                ensure!(is_same, "not the same as request {at}");
            }
            ("after_ms", Value::Number(least)) => {
                let least = Duration::from_millis(least.as_u64().unwrap_or_default());
                let before = before.and_then(|request| request.answered);
                let paused = request.at - before.context("the request before has no answer")?;
                ensure!(
                    paused >= least,
                    "after {paused:?}, at least {least:?} expected"
                );
            }
            ("count", Value::Number(count)) => {
                let came = request.events().len();
                ensure!(
                    count.as_u64() == u64::try_from(came).ok(),
                    "{came} events came"
                );
            }
            ("at_most_bytes", Value::Number(most)) => {
                let size = request.size;
                ensure!(
                    u64::try_from(size)? <= most.as_u64().unwrap_or(0),
                    "{size} bytes came"
                );
            }
            ("headers", Value::Object(expected)) => {
                let found = request.headers.iter();
                let found = found.map(|(name, value)| (name.clone(), json!(value)));
                named.object(expected, &found.collect())?;
            }
            ("path", expected) => named.compare(expected, &json!(request.path))?,
            (_, expected) => {
                let found = body.get(key).cloned().unwrap_or(Value::Null);
                let compared = named.compare(expected, &found);
                compared.with_context(|| format!("in `{key}`"))?;
            }
        }
    }
    Ok(())
}
