//! Diffs of worktrees, fetched whole and printed as patches.

use super::client::Client;
use super::failure::Failure;
use super::output::{self, plain};
use super::values;
use orchestra_protocol::worktree::{DiffFile, FileChange, WorktreeDiff};

/// All pages of a worktree's diff as one.
///
/// # Errors
/// When the daemon is not reachable or refuses.
pub async fn fetch(
    client: &Client,
    id: &str,
    scope: &str,
    path: Option<&str>,
) -> Result<WorktreeDiff, Failure> {
    let mut start = format!("/api/worktrees/{id}/diff?scope={scope}&limit=100");
    if let Some(path) = path {
        start.push_str(&format!("&path={}", values::segment(path)));
    }
    let mut whole: WorktreeDiff = client.get(start.clone()).await?;
    while let Some(cursor) = whole.next_cursor.take() {
        let next = format!("{start}&cursor={}", values::segment(&cursor));
        let page: WorktreeDiff = client.get(next).await?;
        whole.items.extend(page.items);
        whole.next_cursor = page.next_cursor;
    }
    Ok(whole)
}

/// Which files, and how much.
pub fn stat(diff: &WorktreeDiff) -> String {
    let mut text = String::new();
    for file in &diff.items {
        let much = match (file.insertions, file.deletions) {
            (Some(added), Some(deleted)) => format!("+{added} -{deleted}"),
            _ => "binary".to_owned(),
        };
        let note = if file.executes {
            "  (runs by itself)"
        } else {
            ""
        };
        text.push_str(&format!(
            "{} {much:>12}  {}{note}\n",
            letter(file.change),
            name(file)
        ));
    }
    text.push_str(&format!(
        "{} changed, +{} -{}\n",
        output::counted(u64::from(diff.files), "file"),
        diff.insertions,
        diff.deletions
    ));
    for one in &diff.left_out {
        text.push_str(&format!(
            "not looked at: {} ({})\n",
            plain(&one.path),
            plain(&one.reason)
        ));
    }
    text
}

/// The lines, in the form that `git apply` knows.
pub fn text(diff: &WorktreeDiff) -> String {
    let mut text = String::new();
    for file in &diff.items {
        let old = plain(file.old_path.as_deref().unwrap_or(&file.path));
        let new = plain(&file.path);
        text.push_str(&format!("diff --git a/{old} b/{new}\n"));
        if file.binary {
            text.push_str(&format!("Binary files a/{old} and b/{new} differ\n"));
        }
        if !file.hunks.is_empty() {
            let from = if file.change == FileChange::Added {
                "/dev/null".into()
            } else {
                format!("a/{old}")
            };
            let to = if file.change == FileChange::Deleted {
                "/dev/null".into()
            } else {
                format!("b/{new}")
            };
            text.push_str(&format!("--- {from}\n+++ {to}\n"));
        }
        for hunk in &file.hunks {
            let (old, new) = (
                (hunk.old_start, hunk.old_lines),
                (hunk.new_start, hunk.new_lines),
            );
            let head = format!(
                "@@ -{},{} +{},{} @@ {}",
                old.0,
                old.1,
                new.0,
                new.1,
                plain(&hunk.heading)
            );
            text.push_str(head.trim_end());
            text.push('\n');
            for line in &hunk.lines {
                // Tabs are part of code; what could steer a terminal is not shown.
                text.extend(
                    line.chars()
                        .filter(|letter| !letter.is_control() || *letter == '\t'),
                );
                text.push('\n');
            }
        }
        if file.truncated {
            text.push_str(&format!(
                "(more of {new} was left out; --path {new} shows it)\n"
            ));
        }
    }
    text
}

fn name(file: &DiffFile) -> String {
    match &file.old_path {
        Some(old) => format!("{} → {}", plain(old), plain(&file.path)),
        None => plain(&file.path),
    }
}

fn letter(change: FileChange) -> char {
    match change {
        FileChange::Added => 'A',
        FileChange::Modified => 'M',
        FileChange::Deleted => 'D',
        FileChange::Renamed => 'R',
        FileChange::TypeChanged => 'T',
        FileChange::Staged => 'S',
        FileChange::Repository => 'G',
    }
}
