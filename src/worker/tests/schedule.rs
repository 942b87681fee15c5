//! Schedule: a load, and the faults that befall it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio_util::sync::CancellationToken;

use super::pipeline::{KINDS, Settings, ids, pipeline, to_queue};
use super::store::{self, Spell, Weather};
use crate::broker::testing::{Confirm, Simulated};
use crate::broker::{HeaderValue, Outgoing};
use crate::contract::headers::DEAD_CLASS;
use crate::sink::requests::Requests;
use crate::sink::{Store, Stores};
use crate::worker::{HoldLimits, Pace, Setup, States, start};

/// Duration of faults, and of everything.
const STORMY: u64 = 240_000;
const LONGEST: Duration = Duration::from_secs(6 * 3600);

/// Runs a schedule; returns the violations, and which of the possible outcomes occurred.
pub(super) async fn run(seed: u64) -> (Vec<String>, Vec<&'static str>) {
    let mut random = StdRng::seed_from_u64(seed);
    let settings = Settings {
        workers: random.random_range(1..4),
        prefetch: random.random_range(2..40),
        retries: random.random_range(0..4),
        rows: random.random_range(3..30),
        delay_ms: random.random_range(50..1500),
    };
    let spells = spells(&mut random);
    let gone = spells.iter().filter(|s| s.2 == Weather::Gone).count();
    let panics = if random.random_bool(0.2) { 0.01 } else { 0.0 };
    let store = store::Simulated::new(seed, spells, panics);
    let unconfirmed = if random.random_bool(0.5) { 0.2 } else { 0.0 };
    let (broker, early) = broker(&settings, &store, seed, unconfirmed);
    let setup = setup(settings, &broker, &store, &mut random);
    let queue = &setup.pipeline.queues[0];
    let mut tasks = start(&setup, &[queue]).unwrap();

    let mut sent = Vec::new();
    let mut lost = 0;
    let loses = random.random_bool(0.5);
    for n in 0..random.random_range(10..40) {
        let units = match random.random_bool(0.5) {
            true => 1,
            false => random.random_range(2..7),
        };
        let message: Vec<String> = (0..units).map(|u| id(&mut random, n, u)).collect();
        broker.push(to_queue(&message));
        sent.extend(message);
        let pause = random.random_range(0..STORMY / 25);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if loses && random.random_bool(0.1) {
            broker.lose_channel();
            lost += 1;
        }
    }
    // A few go on for ever; without them nothing could be compared with the failures.
    let mut time_limit = LONGEST;
    let mut extra = 0;
    while broker.left() != (0, 0) && !time_limit.is_zero() {
        const STEP: Duration = Duration::from_secs(7);
        tokio::time::sleep(STEP).await;
        time_limit = time_limit.saturating_sub(STEP);
        extra += 1;
        if extra % 4 == 0 && broker.left() != (0, 0) {
            let unit = vec![format!("good-extra-{extra}")];
            broker.push(to_queue(&unit));
            sent.extend(unit);
        }
    }
    setup.stop.cancel();
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }

    let mut violations = early.lock().unwrap().clone();
    violations.extend(store.violations());
    let mut check = |good: bool, text: String| {
        if !good {
            violations.push(text);
        }
    };
    check(
        !time_limit.is_zero(),
        format!("{:?} are left", broker.left()),
    );
    let seen = broker.seen();
    // A message that a panic drops is delivered before the workers have ended, and goes back once more.
    let most_returns = gone as u32 + 2 * store.panicked() + store.deaths();
    check(
        seen.most_returns <= most_returns,
        format!("{} returns in {gone} outages", seen.most_returns),
    );
    check(!seen.settled_twice, "a delivery was settled twice".into());
    check(
        seen.most_held <= usize::from(settings.prefetch),
        format!("{} were held", seen.most_held),
    );
    check(
        seen.most_retries <= i64::from(settings.retries),
        format!("{} of {} retries", seen.most_retries, settings.retries),
    );
    let letters = letters(&seen.dead);
    for unit in &sent {
        let kind = KINDS.iter().find(|(kind, _)| unit.starts_with(kind));
        let (kind, class) = *kind.unwrap();
        let stored = store.is_stored(unit);
        let dead = letters.get(unit);
        match (kind, stored, dead) {
            ("good" | "bulky", true, None) => {}
            ("sick", _, Some(letter)) if letter.class == class => {}
            // A failing unit may fail while the destination goes away, too, and each copy of it in its own way.
            ("sick" | "endless", _, Some(letter)) if letter.is_of([class, "unanswered"]) => {}
            (_, false, Some(letter)) if !class.is_empty() && letter.class == class => {}
            (_, stored, dead) => check(false, format!("{unit}: stored {stored}, {dead:?}")),
        }
        // Copies of a dead letter have the same id.
        let same = dead.is_none_or(|letter| letter.ids == 1);
        check(same, format!("{unit} has several dead letters: {dead:?}"));
        let calm = unconfirmed == 0.0 && lost == 0 && most_returns == 0;
        let once = dead.is_none_or(|letter| letter.copies == 1);
        check(once || !calm, format!("{unit} is a dead letter twice"));
    }
    let mut covered: Vec<&'static str> = letters.values().filter_map(Letter::known).collect();
    covered.push("stored");
    covered.extend((seen.most_returns > 0).then_some("returned"));
    covered.extend((lost > 0).then_some("lost"));
    (violations, covered)
}

fn spells(random: &mut StdRng) -> Vec<Spell> {
    let mut spells = Vec::new();
    let mut at = 0;
    loop {
        at += random.random_range(1..STORMY / 3);
        if at > STORMY {
            return spells;
        }
        let weather = match random.random_range(0..4) {
            0 => Weather::Gone,
            1 => Weather::Flaky,
            2 => Weather::Lying,
            _ => Weather::Busy,
        };
        let until = at + random.random_range(100..STORMY / 3);
        spells.push((at, until, weather));
        at = until;
    }
}

fn id(random: &mut StdRng, message: usize, unit: usize) -> String {
    let kind = match random.random_bool(0.85) {
        true => "good",
        false => KINDS[random.random_range(1..KINDS.len())].0,
    };
    format!("{kind}-{message}-{unit}")
}

type Violations = Arc<Mutex<Vec<String>>>;

/// Broker that records what is acknowledged before it is safe.
fn broker(
    settings: &Settings,
    store: &store::Simulated,
    seed: u64,
    unconfirmed: f64,
) -> (Simulated, Violations) {
    let early = Violations::default();
    let random = Mutex::new(StdRng::seed_from_u64(!seed));
    let confirm = move || {
        let mut random = random.lock().unwrap();
        match (random.random_bool(unconfirmed), random.random_bool(0.5)) {
            (false, _) => Confirm::Yes,
            (true, false) => Confirm::Refused,
            (true, true) => Confirm::Lost,
        }
    };
    let (store, noted) = (store.clone(), Arc::clone(&early));
    let on_ack = move |body: &[u8], others: &[&[u8]], dead: &[Outgoing]| {
        let dead: Vec<&[u8]> = dead.iter().map(|letter| &letter.body[..]).collect();
        let safe: Vec<String> = others.iter().chain(&dead).flat_map(|b| ids(b)).collect();
        for id in ids(body) {
            if !store.is_stored(&id) && !safe.contains(&id) {
                let text = format!("{id} was acknowledged before it was safe");
                noted.lock().unwrap().push(text);
            }
        }
    };
    let prefetch = usize::from(settings.prefetch);
    (Simulated::new(prefetch, confirm, on_ack), early)
}

fn setup(
    settings: Settings,
    broker: &Simulated,
    store: &store::Simulated,
    random: &mut StdRng,
) -> Setup {
    let pipeline = pipeline(settings);
    let store: Arc<dyn Store> = Arc::new(store.clone());
    Setup {
        pipeline,
        broker: Arc::new(broker.clone()),
        stores: Stores::new(pipeline.tables, |_| Some(Arc::clone(&store))),
        requests: Requests::default(),
        pace: match random.random_bool(0.8) {
            true => Pace::Full,
            false => Pace::Eager,
        },
        hold_limits: HoldLimits {
            grace: Duration::from_millis(random.random_range(500..20_000)),
            jitter: || 0.5,
            ..HoldLimits::default()
        },
        states: States::default(),
        stop: CancellationToken::new(),
        give_up: CancellationToken::new(),
    }
}

/// Dead letters of one unit.
#[derive(Debug)]
struct Letter {
    class: String,
    copies: usize,
    ids: usize,
}

impl Letter {
    /// True if each copy is of one of these classes.
    fn is_of(&self, classes: [&str; 2]) -> bool {
        let mut copies = self.class.split(',');
        copies.all(|class| classes.contains(&class))
    }

    fn known(&self) -> Option<&'static str> {
        let mut classes = KINDS.iter().map(|(_, class)| *class);
        classes.find(|class| *class == self.class)
    }
}

fn letters(dead: &[Outgoing]) -> BTreeMap<String, Letter> {
    let mut by_unit: BTreeMap<String, Vec<&Outgoing>> = BTreeMap::new();
    for letter in dead {
        for id in ids(&letter.body) {
            by_unit.entry(id).or_default().push(letter);
        }
    }
    let letter = |letters: Vec<&Outgoing>| {
        let class = |letter: &&Outgoing| match letter.properties.header(DEAD_CLASS) {
            Some(HeaderValue::Text(class)) => class.clone(),
            _ => String::new(),
        };
        let distinct = |mut values: Vec<String>| {
            values.sort();
            values.dedup();
            values
        };
        let ids = letters
            .iter()
            .map(|l| format!("{:?}", l.properties.message_id));
        Letter {
            class: distinct(letters.iter().map(class).collect()).join(","),
            copies: letters.len(),
            ids: distinct(ids.collect()).len(),
        }
    };
    by_unit
        .into_iter()
        .map(|(id, letters)| (id, letter(letters)))
        .collect()
}
