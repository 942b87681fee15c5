//! `loadgen siege`: every kind of hostile input at random, and what became of each.
//!
//! It is for `cargo xtask siege`, which sends good events beside it and looks at the memory of everybody.

mod attack;
mod counted;
mod deck;
mod door;
mod found;
mod kinds;
mod report;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;

use crate::door::PAUSE;
use crate::proofs::Proofs;
use counted::Metrics;
use door::{Lane, Outcome, Places};
use event_grpc::cli::{ClickHouseArgs, say};
use event_grpc::sink::clickhouse::ClickHouse;
use found::Finds;
use kinds::{Door, End, Kind, One, Setting};
use report::Report;

/// Send every kind of hostile input to a server, at random, and report what became of each.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// gRPC address of the server.
    #[arg(long, default_value = "http://127.0.0.1:8017", value_name = "URL")]
    grpc: String,
    /// The server's HTTP address.
    #[arg(long, default_value = "http://127.0.0.1:8019", value_name = "URL")]
    http: String,
    /// The server's operations address.
    #[arg(long, default_value = "http://127.0.0.1:8018", value_name = "URL")]
    ops: String,
    /// The server's RabbitMQ; without one nothing is published past the server.
    #[arg(long, value_name = "URL")]
    amqp_url: Option<String>,
    /// HTTP address of the server's embedded ClickHouse, if it has one.
    #[arg(long, value_name = "URL")]
    engine: Option<String>,
    /// Folder of `loadgen proofs` that the server was given: it has TLS, and asks for keys and a token.
    #[arg(long, value_name = "FOLDER")]
    proofs: Option<PathBuf>,
    /// Only wait until the server is ready.
    #[arg(long)]
    until_ready: bool,
    #[command(flatten)]
    clickhouse: ClickHouseArgs,
    /// Number of attacks.
    #[arg(long, default_value_t = 10_000, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=999_999))]
    count: u32,
    /// The time in which they are sent.
    #[arg(long, default_value_t = 300.0)]
    seconds: f64,
    /// Seed: the same one makes the same inputs in the same order.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only kinds whose names contain one of these.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    kinds: Vec<String>,
    /// Maximum number under way at once.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=200))]
    lanes: u16,
    /// Timeout of an answer, in seconds.
    #[arg(long, default_value_t = 40, value_name = "SECONDS")]
    deadline: u64,
    /// Time limit for the last row or dead letter afterwards, in seconds.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    patience: u64,
    /// Say nothing of times.
    #[arg(long)]
    no_times: bool,
    /// Only list the kinds.
    #[arg(long)]
    list: bool,
}

/// Answer over gRPC to who is over a rate.
const EXHAUSTED: &str = "ResourceExhausted";

/// Ended attack.
struct Ended {
    number: usize,
    outcome: Outcome,
    /// Number of times that it was sent.
    tries: u32,
    /// Number of requests that it is, or of connections that hold none.
    requests: u64,
    /// From when it was due, or first sent if that was later.
    took: Duration,
}

/// State that the senders share.
struct Siege {
    deck: Vec<&'static Kind>,
    seed: u64,
    prefix: String,
    /// Interval between attacks.
    pause: Duration,
    patience: Duration,
    next: AtomicUsize,
    began: Instant,
    proofs: Option<Arc<Proofs>>,
}

/// Runs it; true if everything ended as it may.
pub(crate) async fn run(args: Args) -> anyhow::Result<bool> {
    let wanted = |kind: &&Kind| {
        let named = args.kinds.is_empty() || args.kinds.iter().any(|n| kind.name.contains(n));
        let there = match kind.door {
            Door::Amqp => args.amqp_url.is_some(),
            Door::Engine => args.engine.is_some(),
            _ => true,
        };
        let fits = match kind.setting {
            Setting::Any => true,
            Setting::Open => args.proofs.is_none(),
            Setting::Proved => args.proofs.is_some(),
        };
        named && (there && fits || args.list)
    };
    let kinds: Vec<&'static Kind> = kinds::all().filter(wanted).collect();
    if args.list {
        for kind in &kinds {
            say(&format!("{:<8} {}", kind.door.name(), kind.name));
        }
        return Ok(true);
    }
    if kinds.is_empty() {
        bail!("--kinds: no kind is called so; --list shows them");
    }
    let proofs = args.proofs.as_deref().map(Proofs::read).transpose()?;
    let proofs = proofs.map(Arc::new);
    let places = Places::new(
        &args.grpc,
        &args.http,
        &args.ops,
        args.amqp_url.as_deref(),
        args.engine.as_deref(),
        proofs.clone(),
        Duration::from_secs(args.deadline),
    )?;
    if args.until_ready {
        return until_ready(&places, Duration::from_secs(args.patience)).await;
    }
    let store = args
        .clickhouse
        .address()?
        .map(ClickHouse::new)
        .transpose()?;
    let store = store.context("--clickhouse-url is needed, to look for rows and dead letters")?;
    let run: u32 = rand::random();
    let siege = Arc::new(Siege {
        deck: deck::deck(&kinds, args.count as usize, args.seed),
        seed: args.seed,
        prefix: format!("siege-{run:08x}-"),
        pause: Duration::from_secs_f64(args.seconds.max(0.0) / f64::from(args.count)),
        patience: Duration::from_secs(args.patience),
        next: AtomicUsize::new(0),
        began: Instant::now(),
        proofs,
    });
    let before = Metrics::read(&places).await?;
    let ended = siege.send(&places, usize::from(args.lanes)).await?;
    say(&format!(
        "sent          {} in {:.0} s",
        ended.len(),
        siege.began.elapsed().as_secs_f64()
    ));
    let finds = found::wait(&store, &siege, &ended)
        .await
        .context("ClickHouse can't be asked what is there")?;
    let kinds = ended
        .iter()
        .filter_map(|one| Some((siege.kind(one.number)?, one)));
    let uncounted = counted::missing(&places, &before, &kinds.collect::<Vec<_>>()).await?;
    let report = Report::new(&siege, &ended, &finds, uncounted);
    say(&report.text(!args.no_times));
    Ok(report.is_good())
}

/// Waits until the server is ready; false if it isn't in this time.
async fn until_ready(places: &Places, patience: Duration) -> anyhow::Result<bool> {
    let began = Instant::now();
    loop {
        match counted::get(places, "/readyz").await {
            Ok((200, _)) => return Ok(true),
            Ok(_) | Err(_) if began.elapsed() < patience => {}
            Ok((status, text)) => bail!("the server isn't ready: {status} {text}"),
            Err(error) => return Err(error),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Siege {
    /// Sends everything.
    async fn send(self: &Arc<Self>, places: &Places, lanes: usize) -> anyhow::Result<Vec<Ended>> {
        let mut senders = JoinSet::new();
        for number in 0..lanes {
            let lane = Lane::new(places, number)?;
            senders.spawn(Arc::clone(self).send_until_done(lane));
        }
        let mut ended = Vec::with_capacity(self.deck.len());
        while let Some(part) = senders.join_next().await {
            ended.extend(part.context("a sender failed")?);
        }
        ended.sort_by_key(|one: &Ended| one.number);
        Ok(ended)
    }

    /// One sender: takes the next until there are no more.
    async fn send_until_done(self: Arc<Self>, mut lane: Lane) -> Vec<Ended> {
        let mut all = Vec::new();
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(kind) = self.deck.get(number) else {
                return all;
            };
            let due = self.began + self.pause * u32::try_from(number).unwrap_or(u32::MAX);
            tokio::time::sleep_until(due.into()).await;
            let attack = (kind.make)(&mut self.one(number));
            let began = Instant::now();
            let good = kind.end == End::Stored;
            let mut tries = 1;
            let outcome = loop {
                let outcome = lane.send(&attack, good).await;
                // A good sender tries again, as clients do.
                let done = !good || outcome == Outcome::Taken;
                if done || Instant::now() > self.end() {
                    break outcome;
                }
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            };
            all.push(Ended {
                number,
                outcome,
                tries,
                requests: attack.requests(),
                took: began.elapsed(),
            });
        }
    }

    /// When nothing is sent again any more, however late the last one was.
    fn end(&self) -> Instant {
        let count = u32::try_from(self.deck.len()).unwrap_or(u32::MAX);
        self.began + self.pause * count + self.patience
    }

    /// Attack with this number.
    fn one(&self, number: usize) -> One {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        One {
            name: self.name(number),
            now: u64::try_from(since.as_millis()).unwrap_or_default(),
            random: StdRng::seed_from_u64(self.seed ^ ((number as u64) << 24)),
            proofs: self.proofs.clone(),
        }
    }

    fn name(&self, number: usize) -> String {
        format!("{}{number:0width$}", self.prefix, width = found::DIGITS)
    }

    /// The kind of one that was sent.
    fn kind(&self, number: usize) -> Option<&'static Kind> {
        self.deck.get(number).copied()
    }

    /// Error of an attack's outcome, given its traces.
    fn wrong(&self, one: &Ended, finds: &Finds) -> Option<String> {
        let kind = self.kind(one.number)?;
        let found = finds.of(one.number);
        let there = found.rows + found.letters > 0;
        let lost = || Some("it was taken, and is neither a row nor a letter".to_owned());
        match (kind.end, &one.outcome) {
            (_, Outcome::Unanswered(why)) => Some(format!("no answer: {why}")),
            (End::Answered | End::Stored | End::Kept, Outcome::Closed) => {
                Some("the connection was closed without an answer".to_owned())
            }
            (End::Stored, Outcome::Taken) => match (found.rows, found.letters) {
                (1, 0) => None,
                // A webhook without an id of its own that is sent again is another one.
                (2.., 0) if one.tries > 1 && kind.door == Door::Webhook => None,
                (0, 0) => lost(),
                (rows, letters) => {
                    Some(format!("there are {rows} rows and {letters} letters of it"))
                }
            },
            (End::Stored, outcome) => Some(format!("it is good, and ended with {outcome:?}")),
            (End::Refused(with), Outcome::Refused(told)) if with.contains(&told.as_str()) => None,
            (End::Refused(with), outcome) => Some(format!(
                "it should be refused with {}, and ended with {outcome:?}",
                with.join(" or ")
            )),
            (End::Shut, Outcome::Closed) => None,
            (End::Shut, outcome) => Some(format!(
                "its connection should be ended, and it ended with {outcome:?}"
            )),
            (End::Limited, Outcome::Taken) => None,
            (End::Limited, Outcome::Refused(told)) if told == "429" || told == EXHAUSTED => None,
            (End::Limited, outcome) => Some(format!(
                "it should be taken or told when to come again, and ended with {outcome:?}"
            )),
            (_, Outcome::Taken) if kind.named && !there => lost(),
            _ => None,
        }
    }
}
