//! What the edge counts from the start on, for `GET /metrics`.

use axum::http::StatusCode;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper ends of the classes that answers are counted in, in milliseconds.
const ENDS: [u64; 9] = [1, 2, 5, 10, 25, 50, 100, 250, 1000];
/// Ends of routes whose answers wait for something: their time says nothing.
const WAITING: &[&str] = &[
    "/wait",
    "/events",
    "/logs",
    "/word",
    "/screen",
    "/delegate",
    "/ws",
    "/mcp",
];

/// The counts.
#[derive(Debug, Default)]
pub struct Meter {
    /// By the first digit of the status, from 1 on.
    answers: [AtomicU64; 5],
    /// By time, each class alone; the last has what is beyond all ends.
    took: [AtomicU64; ENDS.len() + 1],
    micros: AtomicU64,
    sent: AtomicU64,
    viewers: AtomicU64,
}

impl Meter {
    /// Notes an answer.
    pub fn answered(&self, route: &str, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(1, 5) - 1;
        self.answers[class].fetch_add(1, Ordering::Relaxed);
        if route.is_empty() || WAITING.iter().any(|end| route.ends_with(end)) {
            return;
        }
        let millis = took.as_secs_f64() * 1000.0;
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let place = ENDS.iter().position(|end| millis <= *end as f64);
        self.took[place.unwrap_or(ENDS.len())].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// Notes bytes that went to viewers of terminals.
    pub fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Notes that a socket watches so many terminals instead of so many.
    pub fn watches(&self, before: usize, now: usize) {
        let change = (now as u64).wrapping_sub(before as u64);
        self.viewers.fetch_add(change, Ordering::Relaxed);
    }

    /// The counts in the text form of Prometheus.
    pub fn write(&self, out: &mut String) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        head(
            out,
            "orchestra_http_answers_total",
            "counter",
            "Answers by class of status",
        );
        for (class, count) in self.answers.iter().enumerate() {
            let class = class + 1;
            let _ = writeln!(
                out,
                "orchestra_http_answers_total{{class=\"{class}xx\"}} {}",
                read(count)
            );
        }
        let name = "orchestra_http_answer_seconds";
        head(
            out,
            name,
            "histogram",
            "Time to an answer, without routes that wait for something",
        );
        let mut sum = 0;
        for (count, end) in self.took.iter().zip(ENDS) {
            sum += read(count);
            let _ = writeln!(
                out,
                "{name}_bucket{{le=\"{}.{:03}\"}} {sum}",
                end / 1000,
                end % 1000
            );
        }
        sum += read(&self.took[ENDS.len()]);
        let _ = writeln!(
            out,
            "{name}_bucket{{le=\"+Inf\"}} {sum}\n{name}_count {sum}"
        );
        let micros = read(&self.micros);
        let _ = writeln!(
            out,
            "{name}_sum {}.{:06}",
            micros / 1_000_000,
            micros % 1_000_000
        );
        let of_terminals = [
            (
                "orchestra_sent_bytes_total",
                "counter",
                "Bytes of terminals sent to viewers",
                &self.sent,
            ),
            (
                "orchestra_viewers",
                "gauge",
                "Terminals that are watched, once for each viewer",
                &self.viewers,
            ),
        ];
        for (name, kind, help, count) in of_terminals {
            head(out, name, kind, help);
            let _ = writeln!(out, "{name} {}", read(count));
        }
    }
}

/// The two lines before a measure.
pub fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}.\n# TYPE {name} {kind}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_add_up_and_viewers_come_and_go() {
        let meter = Meter::default();
        for millis in [0, 3, 3000] {
            meter.answered("/api/me", StatusCode::OK, Duration::from_millis(millis));
        }
        meter.answered(
            "/api/tasks/{id}/wait",
            StatusCode::NOT_FOUND,
            Duration::from_secs(9),
        );
        meter.watches(0, 3);
        meter.watches(3, 1);
        meter.sent(7);
        let mut text = String::new();
        meter.write(&mut text);
        for line in [
            "orchestra_http_answers_total{class=\"2xx\"} 3",
            "orchestra_http_answers_total{class=\"4xx\"} 1",
            "orchestra_http_answer_seconds_bucket{le=\"0.001\"} 1",
            "orchestra_http_answer_seconds_bucket{le=\"1.000\"} 2",
            "orchestra_http_answer_seconds_count 3",
            "orchestra_http_answer_seconds_sum 3.003000",
            "orchestra_sent_bytes_total 7",
            "orchestra_viewers 1",
        ] {
            assert!(text.lines().any(|own| own == line), "{line}\n{text}");
        }
    }
}
