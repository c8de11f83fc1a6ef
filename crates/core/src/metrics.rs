//! Measures in Prometheus' text format. Only aggregates: no label ever names a person, a query or a document.

use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

/// The measures of one process.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Registry,
    /// Requests by status class (`2xx`).
    pub requests: IntCounterVec,
    /// Seconds a page took.
    pub request_seconds: Histogram,
    /// Searches.
    pub searches: IntCounter,
    /// Searches that ended at their deadline.
    pub searches_partial: IntCounter,
    /// Seconds a search took in the engine.
    pub search_seconds: Histogram,
    /// Documents imported since start.
    pub imported: IntCounter,
    /// Jobs at work.
    pub jobs_running: IntGauge,
}

/// Buckets from half a millisecond to ten seconds.
const BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0,
];

impl Metrics {
    /// Registers all measures.
    ///
    /// # Errors
    /// A name is registered twice: a fault of the program.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("lampion_http_requests_total", "Requests by status class"),
            &["class"],
        )?;
        let histogram = |name: &str, help: &str| {
            Histogram::with_opts(HistogramOpts::new(name, help).buckets(BUCKETS.to_vec()))
        };
        let metrics = Self {
            requests,
            request_seconds: histogram(
                "lampion_http_request_seconds",
                "Time until a response began",
            )?,
            searches: IntCounter::new("lampion_searches_total", "Searches")?,
            searches_partial: IntCounter::new(
                "lampion_searches_partial_total",
                "Searches ended by their deadline",
            )?,
            search_seconds: histogram("lampion_search_seconds", "Time in the search engine")?,
            imported: IntCounter::new("lampion_documents_imported_total", "Documents imported")?,
            jobs_running: IntGauge::new("lampion_jobs_running", "Jobs at work")?,
            registry,
        };
        metrics
            .registry
            .register(Box::new(metrics.requests.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.request_seconds.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.searches.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.searches_partial.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.search_seconds.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.imported.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.jobs_running.clone()))?;
        Ok(metrics)
    }

    /// All measures in Prometheus' text format.
    pub fn text(&self) -> String {
        let mut out = Vec::new();
        match TextEncoder::new().encode(&self.registry.gather(), &mut out) {
            Ok(()) => String::from_utf8_lossy(&out).into_owned(),
            Err(error) => format!("# metrics could not be written: {error}\n"),
        }
    }
}
