//! Options of traces and of reports to Sentry.

use std::path::PathBuf;

use anyhow::Context as _;

use super::super::settings;
use crate::app::environment::{self, Secret};
use crate::app::variables::TRACE_HEADERS;
use crate::sentry::{self, Sentry};
use crate::trace;

/// Traces.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct TraceArgs {
    /// Collector that spans are sent to by OTLP over HTTP, as in http://127.0.0.1:4318. Headers that it asks for are in
    /// EVENT_GRPC_TRACE_HEADERS.
    #[arg(
        long,
        env = "EVENT_GRPC_TRACE_ENDPOINT",
        hide_env_values = true,
        value_name = "URL"
    )]
    trace_endpoint: Option<Secret>,
    /// Share of requests that is traced, from 0 to 1, whatever senders ask for. Without a share nothing is traced.
    #[arg(
        long,
        env = "EVENT_GRPC_TRACE_RATIO",
        default_value_t = 0.0,
        value_name = "SHARE"
    )]
    trace_ratio: f64,
    /// PEM file of the authorities that verify the collector, in place of this machine's.
    #[arg(long, env = "EVENT_GRPC_TRACE_CA", value_name = "FILE")]
    trace_ca: Option<PathBuf>,
    /// Name of the service in traces.
    #[arg(
        long,
        env = "EVENT_GRPC_TRACE_SERVICE",
        default_value = "event-grpc",
        value_name = "NAME"
    )]
    trace_service: String,
    /// Attributes of this instance in traces, as in deployment.environment.name=production.
    #[arg(
        long,
        env = "EVENT_GRPC_TRACE_ATTRIBUTES",
        value_delimiter = ',',
        value_name = "NAME=VALUE"
    )]
    trace_attributes: Vec<String>,
}

/// Reports to Sentry.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct SentryArgs {
    /// DSN of the Sentry project that errors and panics are reported to, without anything that was sent.
    #[arg(long, env = "SENTRY_DSN", hide_env_values = true, value_name = "DSN")]
    sentry_dsn: Option<Secret>,
    /// Environment that reports to Sentry are of.
    #[arg(
        long,
        env = "SENTRY_ENVIRONMENT",
        default_value = "production",
        value_name = "NAME"
    )]
    sentry_environment: String,
    /// PEM file of the authorities that verify Sentry, in place of this machine's.
    #[arg(long, env = "EVENT_GRPC_SENTRY_CA", value_name = "FILE")]
    sentry_ca: Option<PathBuf>,
}

impl TraceArgs {
    /// Options of traces; none if nothing is traced.
    pub(super) fn options(&self) -> anyhow::Result<Option<trace::Options>> {
        // Some collectors want a key in the query.
        let endpoint =
            environment::option("EVENT_GRPC_TRACE_ENDPOINT", self.trace_endpoint.as_ref())?;
        let endpoint = endpoint.as_deref().map(str::trim);
        let Some(endpoint) = endpoint.filter(|endpoint| !endpoint.is_empty()) else {
            anyhow::ensure!(
                self.trace_ratio == 0.0,
                "{} needs --trace-endpoint (EVENT_GRPC_TRACE_ENDPOINT)",
                settings::named("trace-ratio")
            );
            return Ok(None);
        };
        if self.trace_ratio == 0.0 {
            tracing::info!("Nothing is traced: --trace-ratio is 0.");
            return Ok(None);
        }
        let mut options = trace::Options::new(endpoint, self.trace_ratio)
            .with_context(|| settings::named("trace-endpoint"))?;
        if let Some(headers) = environment::option(TRACE_HEADERS, None)? {
            options = options.with_headers(&headers).context(TRACE_HEADERS)?;
        }
        let pair = |text: &String| {
            let pair = text
                .split_once('=')
                .filter(|(name, _)| !name.trim().is_empty());
            let (name, value) = pair.with_context(|| {
                let option = settings::named("trace-attributes");
                format!("{option}: {text:?} should be NAME=VALUE")
            })?;
            anyhow::Ok((name.trim().to_owned(), value.trim().to_owned()))
        };
        options.attributes = self
            .trace_attributes
            .iter()
            .map(pair)
            .collect::<Result<_, _>>()?;
        options.ca = self.trace_ca.clone();
        options.service = self.trace_service.clone();
        Ok(Some(options))
    }
}

impl SentryArgs {
    /// Options of reports; none without a DSN.
    pub(super) fn options(&self) -> anyhow::Result<Option<sentry::Options>> {
        let Some(dsn) = environment::option("SENTRY_DSN", self.sentry_dsn.as_ref())? else {
            return Ok(None);
        };
        let dsn = dsn.parse().with_context(|| settings::named("sentry-dsn"))?;
        Ok(Some(sentry::Options {
            dsn,
            environment: self.sentry_environment.clone(),
            ca: self.sentry_ca.clone(),
        }))
    }

    /// Starts to report, if there is a DSN.
    pub(super) fn start(&self) -> anyhow::Result<Option<Sentry>> {
        let options = self.options()?;
        Ok(options.map(|options| Sentry::start(&options)).transpose()?)
    }
}
