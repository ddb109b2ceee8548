//! What stands in the way, for a person: the list, and the question whether to go on.

use crate::cli::failure::Failure;
use crate::cli::output::{self, plain};
use orchestra_protocol::problem::Problem;
use orchestra_protocol::worktree::WorktreeRefusal;
use std::io::IsTerminal as _;

/// Shows what a refusal lists, and the word for it once a person at a terminal agrees.
pub(in crate::cli) fn agreed(problem: Problem, name: &str) -> Result<String, Failure> {
    let Some(refusal) = &problem.worktree else {
        return Err(Failure::Problem(problem));
    };
    output::text(&listed(refusal));
    let Some(word) = refusal.confirm.clone() else {
        return Err(Failure::Problem(problem));
    };
    if !std::io::stdin().is_terminal() {
        output::note(&format!("to go on all the same: --confirm {word}"));
        return Err(Failure::Problem(problem));
    }
    output::note(&plain(&problem.detail));
    output::note(&format!("type {name:?} to go on all the same:"));
    let mut typed = String::new();
    let read = std::io::stdin().read_line(&mut typed);
    read.map_err(|error| Failure::Usage(format!("nothing was confirmed: {error}")))?;
    if typed.trim() == name {
        return Ok(word);
    }
    Err(Failure::Failed("nothing was done".into()))
}

fn listed(refusal: &WorktreeRefusal) -> String {
    let mut text = String::new();
    let mut add = |what: &str, line: &str| text.push_str(&format!("  {what:<12}{}\n", plain(line)));
    for file in &refusal.uncommitted {
        add("uncommitted", &file.path);
    }
    for commit in &refusal.commits {
        add("commit", &format!("{:.10} {}", commit.id, commit.subject));
    }
    for path in &refusal.conflicts {
        add("in the way", path);
    }
    for path in &refusal.executes {
        add("runs", path);
    }
    for path in &refusal.ignored {
        add("ignored", path);
    }
    text
}
