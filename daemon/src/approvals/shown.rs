//! A question as people see it.

use crate::model::approval::Ask;
use crate::model::ids;
use crate::store::rows::StoredAgent;
use orchestra_protocol::approval::{Approval, ApprovalForm, ApprovalState};
use orchestra_protocol::time::Timestamp;
use serde_json::{Value, json};

/// Longest text of an input that is shown whole, in bytes.
const TEXT: usize = 32 * 1024;
/// Longest input that is shown at all, in bytes.
const ALL: usize = 128 * 1024;

/// The approval for a question that was just asked.
pub(in crate::approvals) fn approval(
    agent: &StoredAgent,
    ask: &Ask,
    rules: Vec<String>,
    timeout_s: u64,
) -> Approval {
    let now = Timestamp::now();
    let timeout = i64::try_from(timeout_s * 1000).unwrap_or(i64::MAX);
    let (input, cut_bytes) = cut(&ask.input);
    let session = ask.session.as_ref();
    Approval {
        id: ids::fresh(),
        agent_id: agent.id.to_string(),
        session_id: agent.view.session_id.clone(),
        agent_title: agent.view.title.clone(),
        agent_kind: agent.view.kind.clone(),
        owner: agent.view.owner.clone(),
        subagent: ask.subagent.clone(),
        task_id: agent.view.task_id,
        form: ask.form,
        tool: ask.tool.clone(),
        input,
        cut_bytes,
        summary: ask.summary.clone(),
        cwd: ask.cwd.clone(),
        session_grant: session.map(|grant| grant.words.clone()).unwrap_or_default(),
        suggested_rules: match ask.form {
            ApprovalForm::Permission => rules,
            ApprovalForm::Question => Vec::new(),
        },
        state: ApprovalState::Pending,
        reason: None,
        scope: None,
        rule: None,
        message: None,
        answered_by: None,
        created_at: now,
        expires_at: Timestamp(now.0.saturating_add(timeout)),
        ended_at: None,
        delivered_at: None,
    }
}

/// The input with long texts cut, and how many bytes are left out.
fn cut(input: &Value) -> (Value, u64) {
    fn walk(value: &mut Value, left_out: &mut u64) {
        match value {
            Value::String(text) if text.len() > TEXT => {
                let mut end = TEXT;
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                *left_out += (text.len() - end) as u64;
                text.truncate(end);
            }
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, left_out)),
            Value::Object(map) => map.values_mut().for_each(|item| walk(item, left_out)),
            _ => {}
        }
    }
    let (mut shown, mut left_out) = (input.clone(), 0);
    walk(&mut shown, &mut left_out);
    let size = shown.to_string().len();
    if size > ALL {
        // Thousands of small parts: nobody reads them in an inbox.
        return (json!({}), left_out + size as u64);
    }
    (shown, left_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted() {
        let whole = json!({"command": "ls", "n": 1});
        assert_eq!(cut(&whole), (whole.clone(), 0));
        let long = "é".repeat(TEXT);
        let (shown, left_out) = cut(&json!({"a": {"content": long}}));
        let kept = shown["a"]["content"].as_str().unwrap().len();
        assert_eq!(kept as u64 + left_out, 2 * TEXT as u64);
        let many: Vec<u32> = (0..100_000).collect();
        let (shown, left_out) = cut(&json!({ "many": many }));
        assert_eq!(shown, json!({}));
        assert!(left_out > ALL as u64);
    }
}
