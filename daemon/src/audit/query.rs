//! Reading the record: by filter, and as a whole to see whether it is what was written.

use super::record::{ChainKey, GENESIS, Record};
use super::segments::{anchor, list};
use orchestra_protocol::admin::AuditCheckpoint;
use orchestra_protocol::time::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Most lines given at once.
const MAX_LIMIT: usize = 1000;

/// Which lines are wanted; newest first.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// Id of a user, acting itself or through an agent.
    pub user: Option<String>,
    pub agent: Option<String>,
    /// Part of the action, such as `POST /api/agents`.
    pub action: Option<String>,
    /// Part of the object.
    pub object: Option<String>,
    /// What the result begins with: `ok`, `denied`, `failed`, `unknown`, `intent`.
    pub result: Option<String>,
    #[param(value_type = Option<String>)]
    pub since: Option<Timestamp>,
    #[param(value_type = Option<String>)]
    pub until: Option<Timestamp>,
    /// Only lines before this number: the `next_cursor` of the answer before.
    pub before: Option<u64>,
    pub limit: Option<usize>,
}

impl Filter {
    fn takes(&self, record: &Record) -> bool {
        let entry = &record.entry;
        let is =
            |wanted: &Option<String>, value: &Option<String>| wanted.is_none() || wanted == value;
        let has = |part: &Option<String>, text: &str| {
            part.as_deref().is_none_or(|part| text.contains(part))
        };
        (is(&self.user, &entry.principal) || is(&self.user, &entry.on_behalf_of))
            && is(&self.agent, &entry.agent)
            && has(&self.action, &entry.action)
            && has(&self.object, &entry.object)
            && self
                .result
                .as_deref()
                .is_none_or(|word| record.result.starts_with(word))
            && self.since.is_none_or(|since| record.ts >= since)
            && self.until.is_none_or(|until| record.ts < until)
            && self.before.is_none_or(|before| record.seq < before)
    }
}

/// The lines that the filter takes, newest first.
pub(in crate::audit) fn read(folder: &Path, filter: &Filter) -> std::io::Result<Vec<Record>> {
    let limit = filter.limit.unwrap_or(100).clamp(1, MAX_LIMIT);
    let mut found = Vec::new();
    for (first, path) in list(folder)?.into_iter().rev() {
        if filter.before.is_some_and(|before| first >= before) {
            continue;
        }
        let text = std::fs::read_to_string(path)?;
        for line in text.lines().rev() {
            let Ok(record) = serde_json::from_str::<Record>(line) else {
                continue;
            };
            if filter.takes(&record) {
                found.push(record);
                if found.len() == limit {
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}

/// What `verify` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every line is what was written; the number of lines.
    Whole(u64),
    /// The first line that is not, by number as far as it is known.
    Broken { after: u64, file: String },
}

/// Follows the chain from its anchor to its end, past every checkpoint.
///
/// # Errors
/// When a file cannot be read.
pub fn verify(
    folder: &Path,
    key: &ChainKey,
    checkpoints: &[AuditCheckpoint],
) -> std::io::Result<Verdict> {
    let mut stated: BTreeMap<u64, &str> = checkpoints
        .iter()
        .map(|one| (one.seq, one.hash.as_str()))
        .collect();
    let (mut seq, mut hash) = anchor(folder).unwrap_or((0, GENESIS.to_owned()));
    stated.retain(|number, _| *number > seq);
    let mut lines = 0;
    for (_, path) in list(folder)? {
        for line in std::fs::read_to_string(&path)?.lines() {
            match key.open(line) {
                Some((record, own))
                    if record.seq == seq + 1
                        && record.prev_hash == hash
                        && stated
                            .remove(&record.seq)
                            .is_none_or(|wanted| wanted == own) =>
                {
                    (seq, hash) = (record.seq, own);
                    lines += 1;
                }
                _ => {
                    let file = path.display().to_string();
                    return Ok(Verdict::Broken { after: seq, file });
                }
            }
        }
    }
    // What a checkpoint has seen is gone: the end was cut off.
    if !stated.is_empty() {
        let file = folder.display().to_string();
        return Ok(Verdict::Broken { after: seq, file });
    }
    Ok(Verdict::Whole(lines))
}
