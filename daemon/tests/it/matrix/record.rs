//! What the record has to hold after the matrix: one pair for each change that was tried
//! by somebody known, one line for each refusal, nothing else.

use super::table::Row;
use crate::support::api::Api;
use crate::support::daemon::Site;
use crate::support::unix::Answer;
use crate::support::wait::until;
use serde_json::Value;
use std::collections::BTreeMap;

/// Changes that leave one line, because they come in thousands and change nothing.
const LIGHT: &[&str] = &[
    "POST /api/hooks/{kind}",
    "POST /api/ws-tickets",
    "POST /api/auth/challenge",
    "POST /mcp",
];

/// Reads that leave one line, because it matters who read.
const READS: &[&str] = &["GET /api/agents/{id}/recording"];

/// What one call must have left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trace {
    Nothing,
    /// One line that says denied; a flood of them is counted instead.
    Denied,
    Line,
    Pair,
}

/// By request id: what was called, and its trace.
#[derive(Default)]
pub(super) struct Expected(BTreeMap<String, (String, Trace)>);

/// The route of a row as the daemon calls it.
pub(super) fn template(path: &str) -> String {
    let path = path.split('?').next().unwrap();
    path.replace("{agent}", "{id}")
        .replace("/shares/nobody", "/shares/{user}")
        .replace("{task}", "{id}")
        .replace("{device}", "{id}")
        .replace("{approval}", "{id}")
        .replace("{worktree}", "{id}")
        .replace("/hooks/shell", "/hooks/{kind}")
}

impl Expected {
    pub(super) fn note(&mut self, row: &Row, caller: &str, answer: &Answer) {
        let route = format!("{} {}", row.method, template(row.path));
        let status = answer.status;
        let agent = matches!(caller, "own" | "remote" | "foreign");
        let turned_away = (status == 401 && !route.ends_with("/auth/renew"))
            || (agent && answer.text.contains("gent may not"));
        let routed = !row.path.contains("nowhere");
        let trace = if turned_away {
            Trace::Denied
        } else if !routed {
            Trace::Nothing
        } else if LIGHT.contains(&route.as_str()) {
            Trace::Line
        } else if row.method != "GET" {
            Trace::Pair
        } else if matches!(status, 401 | 403 | 404) {
            Trace::Denied
        } else if READS.contains(&route.as_str()) {
            Trace::Line
        } else {
            Trace::Nothing
        };
        let what = format!("{route} as {caller}: {status}");
        let before = self.0.insert(answer.id.clone(), (what, trace));
        assert!(before.is_none(), "an id was given twice: {before:?}");
    }

    pub(super) async fn check(&self, site: &Site, admin: &Api) {
        // A line of denial written now tells how many before it were only counted.
        let lines = until("a denial to be written", || async {
            let refused = admin.get("/api/agents/none-404").await;
            assert_eq!(refused.0, 404);
            admin.read("/api/audit").await;
            let lines = lines(site);
            let last = lines
                .iter()
                .rev()
                .find(|line| line["result"] == "denied:not_found")?;
            last["object"]
                .as_str()
                .is_some_and(|object| object.contains("none-404"))
                .then_some(lines)
        })
        .await;
        let counted: u64 = lines
            .iter()
            .filter_map(|line| line["suppressed"].as_u64())
            .sum();
        let mut found: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for line in &lines {
            let id = line["request_id"].as_str().unwrap();
            found.entry(id).or_default().push(line);
        }
        let mut missing = 0;
        for (id, (what, trace)) in &self.0 {
            let lines = found.get(id.as_str()).cloned().unwrap_or_default();
            let kinds: Vec<&str> = lines
                .iter()
                .map(|line| line["kind"].as_str().unwrap())
                .collect();
            let denied = |line: &&Value| line["result"].as_str().unwrap().starts_with("denied");
            match trace {
                Trace::Nothing => assert!(lines.is_empty(), "{what}: {lines:?}"),
                Trace::Denied if lines.is_empty() => missing += 1,
                Trace::Denied => {
                    assert_eq!(kinds, ["event"], "{what}: {lines:?}");
                    assert!(lines.iter().all(denied), "{what}: {lines:?}");
                }
                Trace::Line => assert_eq!(kinds, ["event"], "{what}: {lines:?}"),
                Trace::Pair => {
                    assert_eq!(kinds, ["intent", "outcome"], "{what}: {lines:?}");
                    assert_eq!(lines[1]["intent"], lines[0]["seq"], "{what}: {lines:?}");
                    let status = what.rsplit(' ').next().unwrap();
                    let result = lines[1]["result"].as_str().unwrap();
                    assert!(result.ends_with(status), "{what}: {result}");
                }
            }
        }
        assert!(
            missing <= counted,
            "{missing} refusals are nowhere, {counted} counted"
        );
    }
}

fn lines(site: &Site) -> Vec<Value> {
    let folder = std::fs::read_dir(site.data.join("audit")).unwrap();
    let mut files: Vec<_> = folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .collect();
    files.sort();
    let text: String = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .collect();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
