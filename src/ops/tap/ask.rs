//! What the opener of a tap asks for, in the query of its request.

use std::time::Duration;

use url::form_urlencoded;

use super::filter::Filter;
use super::personal::Personal;
use crate::contract::Pipeline;
use crate::tap::{Selection, Stage};

/// How long a tap is open unless it asks, and at most.
pub(super) const USUAL: Duration = Duration::from_secs(60);
/// The longest that a tap may be open.
pub(super) const LONGEST: Duration = Duration::from_secs(3_600);

/// Events a second that a tap looks at unless it asks, and at most.
const USUAL_RATE: u64 = 1_000;
const MOST_RATE: u64 = 10_000;

/// Maximum number of parameters: each name is compared with each event.
const PARAMETERS: usize = 100;

/// What the opener of a tap asks for.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) selection: Selection,
    pub(super) filter: Option<Filter>,
    /// Show the rows that events become.
    pub(super) row: bool,
    /// Show personal fields.
    pub(super) unmasked: bool,
    pub(super) time: Duration,
    /// Number of events after which it ends.
    pub(super) count: Option<u64>,
    /// The query, without the values that the expression compares with.
    pub(super) told: String,
}

impl Ask {
    /// Reads the query; the error is for its sender.
    pub(super) fn read(
        query: &str,
        pipeline: &'static Pipeline,
        personal: &Personal,
    ) -> Result<Self, String> {
        let mut ask = Ask {
            selection: Selection {
                per_second: USUAL_RATE,
                ..Selection::default()
            },
            filter: None,
            row: false,
            unmasked: false,
            time: USUAL,
            count: None,
            told: String::new(),
        };
        let mut parameters = form_urlencoded::parse(query.as_bytes());
        for (name, value) in parameters.by_ref().take(PARAMETERS) {
            if name != "where" {
                ask.told.push_str(&format!(" {name}={value}"));
            }
            ask.take(&name, &value)?;
        }
        if parameters.next().is_some() {
            return Err(format!("a tap has at most {PARAMETERS} parameters"));
        }
        ask.places(pipeline)?;
        ask.types(pipeline)?;
        if !ask.unmasked {
            ask.shows_nothing_personal(personal)?;
        }
        Ok(ask)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = || {
            let number: Result<u64, _> = value.parse();
            number.map_err(|_| format!("{name}: `{value}` is no whole number"))
        };
        let selection = &mut self.selection;
        match name {
            "stage" => {
                for name in value.split(',') {
                    let stage = Stage::named(name);
                    let names = Stage::ALL.map(Stage::name).join(", ");
                    let wrong = || format!("stage: `{name}` is none of {names}");
                    selection.stages.push(stage.ok_or_else(wrong)?);
                }
            }
            "source" => selection.sources.push(value.to_owned()),
            "queue" => selection.queues.push(value.to_owned()),
            "type" => selection.types.push(value.to_owned()),
            "client" => selection.clients.push(value.to_owned()),
            "where" => {
                let filter = Filter::parse(value);
                self.filter = Some(filter.map_err(|wrong| format!("where, {wrong}"))?);
            }
            "row" => self.row = flag(name, value)?,
            "unmasked" => self.unmasked = flag(name, value)?,
            "for" => self.time = Duration::from_secs(number()?).min(LONGEST),
            "count" => self.count = Some(number()?),
            "per_second" => selection.per_second = number()?.clamp(1, MOST_RATE),
            other => return Err(format!("`{other}` is no parameter of a tap")),
        }
        Ok(())
    }

    /// Finds the exchanges and queues of its sources; a name that is none is an error.
    fn places(&mut self, pipeline: &'static Pipeline) -> Result<(), String> {
        let selection = &mut self.selection;
        for name in &selection.queues {
            if !pipeline.queues.iter().any(|queue| queue.name == *name) {
                let names = pipeline.queues.iter().map(|queue| queue.name);
                return Err(unknown("queue", name, names));
            }
        }
        let sources: Vec<String> = selection.sources.clone();
        for name in &sources {
            let Some(source) = pipeline.sources.iter().find(|s| s.name == name) else {
                let names = pipeline.sources.iter().map(|source| source.name);
                return Err(unknown("source", name, names));
            };
            selection.exchanges.push(source.exchange.to_owned());
            let bound = pipeline.queues.iter().filter(|queue| {
                let mut bindings = queue.bindings.iter();
                bindings.any(|route| route.exchange == source.exchange)
            });
            selection
                .queues
                .extend(bound.map(|queue| queue.name.to_owned()));
        }
        Ok(())
    }

    /// A type that this build doesn't know may come; one that is nearly a known one is a slip.
    fn types(&self, pipeline: &'static Pipeline) -> Result<(), String> {
        let known = super::types(pipeline);
        for name in &self.selection.types {
            let is_number = name.parse::<u32>().is_ok();
            if !is_number && !known.contains(&name.as_str()) {
                return Err(unknown("type", name, known.iter().copied()));
            }
        }
        Ok(())
    }

    /// An expression could find out what is masked, by asking often enough.
    fn shows_nothing_personal(&self, personal: &Personal) -> Result<(), String> {
        let paths = self.filter.iter().flat_map(Filter::paths);
        for path in paths {
            if personal.covers(path) {
                let path = path.join(".");
                return Err(format!(
                    "where: `{path}` is a personal field, which is masked; to compare it ask with unmasked"
                ));
            }
        }
        Ok(())
    }
}

fn flag(name: &str, value: &str) -> Result<bool, String> {
    match value {
        "" | "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(format!("{name}: `{other}` is neither true nor false")),
    }
}

/// Says that a name is none, and which is most like it.
fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let like = names.map(|known| (strsim::jaro_winkler(known, name), known));
    let like = like.filter(|(likeness, _)| *likeness > 0.8);
    match like.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, known)) => format!("{what}: there is no `{name}`; is `{known}` meant?"),
        None => format!("{what}: there is no `{name}` in this pipeline"),
    }
}
