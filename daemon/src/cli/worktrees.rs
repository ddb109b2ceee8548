//! `orchestra worktrees`: what agents' folders hold, and what becomes of it.

mod refusal;

use super::client::{Call, Client};
use super::connection::Connection;
use super::failure::Failure;
use super::output::{self, Tone, plain};
use super::{patch, values};
use axum::http::Method;
use clap::{Args, Subcommand, ValueEnum};
use orchestra_protocol::problem::Problem;
use orchestra_protocol::worktree::{
    CommitAnswer, CommitRequest, LeftOut, MergeAnswer, MergeRequest, RemoveAnswer, Worktree,
    WorktreeState, WorktreeStatus,
};

use refusal::agreed;

/// Lists agents' worktrees, and shows, commits, merges and removes what is in them.
#[derive(Debug, Args)]
#[command(after_help = "Examples: orchestra worktrees
          orchestra worktrees diff fix-login --stat
          orchestra worktrees commit fix-login -m \"Fix the login\"
          orchestra worktrees merge fix-login
          orchestra worktrees clean            # every one that is merged")]
pub struct WorktreesArgs {
    #[command(subcommand)]
    pub action: Option<Action>,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Debug, Subcommand)]
pub enum Action {
    /// All of them; the same as without a word.
    List,
    Diff(DiffArgs),
    Commit(CommitArgs),
    Merge(MergeArgs),
    Clean(CleanArgs),
}

/// Which changes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// All since the work left its base branch.
    #[default]
    All,
    Committed,
    Uncommitted,
}

impl Scope {
    fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Committed => "committed",
            Self::Uncommitted => "uncommitted",
        }
    }
}

/// Prints what was changed, as a patch.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Its name, its id, or its agent's id.
    pub name: String,
    /// Only this file.
    #[arg(long)]
    pub path: Option<String>,
    #[arg(long, value_enum, default_value_t)]
    pub scope: Scope,
    /// Only which files, and how much.
    #[arg(long)]
    pub stat: bool,
}

/// Commits everything in it that is not ignored.
#[derive(Debug, Args)]
pub struct CommitArgs {
    /// Its name, its id, or its agent's id.
    pub name: String,
    /// Of the commit; - reads it from stdin.
    #[arg(long, short, allow_hyphen_values = true, value_name = "TEXT")]
    pub message: String,
}

/// Merges it into the branch that it began at.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Its name, its id, or its agent's id.
    pub name: String,
    /// Of the merge commit, where one is needed.
    #[arg(long, short, allow_hyphen_values = true, value_name = "TEXT")]
    pub message: Option<String>,
    /// The word from the refusal that listed what the merge brings along.
    #[arg(long, value_name = "WORD")]
    pub confirm: Option<String>,
}

/// Removes those that are merged; with names, those: what would be lost is listed first.
#[derive(Debug, Args)]
pub struct CleanArgs {
    /// Names, ids, or agents' ids; none: every one whose work is in its base branch and in
    /// which nobody lives.
    pub names: Vec<String>,
    /// The word from the refusal that listed what would be lost.
    #[arg(long, value_name = "WORD")]
    pub confirm: Option<String>,
    /// Leaves the branch, and so all that was committed.
    #[arg(long)]
    pub keep_branch: bool,
}

/// Does what was asked.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no such worktree.
pub async fn run(args: &WorktreesArgs) -> Result<(), Failure> {
    let client = args.connection.living_client().await?;
    let json = args.connection.json;
    match &args.action {
        None | Some(Action::List) => list(&client, json).await,
        Some(Action::Diff(args)) => diff(&client, json, args).await,
        Some(Action::Commit(args)) => commit(&client, json, args).await,
        Some(Action::Merge(args)) => merge(&client, json, args).await,
        Some(Action::Clean(args)) => clean(&client, json, args).await,
    }
}

async fn list(client: &Client, json: bool) -> Result<(), Failure> {
    let all: Vec<Worktree> = client.list("/api/worktrees").await?;
    if json {
        all.iter().for_each(output::json);
        return Ok(());
    }
    if all.is_empty() {
        output::line(
            "No worktree. Make some with: orchestra spawn \"task a\" \"task b\" --worktree",
        );
        return Ok(());
    }
    let rows: Vec<_> = all.iter().map(row).collect();
    let head = [
        "NAME",
        "AGENT",
        "STATE",
        "BASE",
        "COMMITS",
        "CHANGES",
        "OPEN",
        "COLLIDES WITH",
    ];
    let last = head.len() - 1;
    output::print_table(&head, &rows, |_, column| match column {
        0 => Tone::Head,
        column if column == last => Tone::Needs,
        _ => Tone::Plain,
    });
    for one in &all {
        let problems = one.status.iter().flat_map(|status| &status.problems);
        for problem in problems.chain(&one.reason) {
            output::line(&format!("{}: {}", one.name, plain(problem)));
        }
    }
    Ok(())
}

fn row(one: &Worktree) -> Vec<String> {
    let status = one.status.as_ref();
    let say = |what: fn(&WorktreeStatus) -> String| status.map_or_else(|| "?".to_owned(), what);
    vec![
        one.name.clone(),
        one.agent_id.clone().unwrap_or_default(),
        state(one),
        plain(&one.base),
        say(|status| format!("+{} -{}", status.ahead, status.behind)),
        say(|status| {
            format!(
                "{} +{} -{}",
                output::counted(u64::from(status.files), "file"),
                status.insertions,
                status.deletions
            )
        }),
        say(|status| status.uncommitted_count.to_string()),
        say(|status| {
            let names = status
                .conflicts
                .iter()
                .map(|one| format!("{} ({})", plain(&one.name), one.files.len()));
            names.collect::<Vec<_>>().join(", ")
        }),
    ]
}

fn state(one: &Worktree) -> String {
    let worked = |status: &WorktreeStatus| status.merged && status.head != one.base_commit;
    let merged = one.status.as_ref().is_some_and(worked);
    let word = match one.state {
        WorktreeState::Ready if merged => "merged",
        WorktreeState::Ready => "ready",
        WorktreeState::Creating => "creating",
        WorktreeState::Merging => "merging",
        WorktreeState::Removing => "removing",
        WorktreeState::Missing => "missing",
    };
    word.to_owned()
}

async fn diff(client: &Client, json: bool, args: &DiffArgs) -> Result<(), Failure> {
    let one = find(client, &args.name).await?;
    let scope = args.scope.word();
    let whole = patch::fetch(client, &one.id, scope, args.path.as_deref()).await?;
    if json {
        output::json(&whole);
    } else if args.stat {
        output::text(&patch::stat(&whole));
    } else {
        output::text(&patch::text(&whole));
    }
    Ok(())
}

async fn commit(client: &Client, json: bool, args: &CommitArgs) -> Result<(), Failure> {
    let one = find(client, &args.name).await?;
    let request = CommitRequest {
        message: values::text(&args.message)?,
    };
    let path = format!("/api/worktrees/{}/commit", one.id);
    let answer: CommitAnswer = client.post(path, &request).await?;
    if json {
        output::json(&answer);
        return Ok(());
    }
    for LeftOut { path, reason } in &answer.left_out {
        output::note(&format!("{} was left out: {}", plain(path), plain(reason)));
    }
    if !answer.left_out.is_empty() {
        output::note(&format!("its folder is {}", plain(&one.path)));
    }
    match &answer.commit {
        Some(commit) => output::line(&format!(
            "{} committed on {} as {:.10}",
            output::counted(u64::from(answer.files), "file"),
            plain(&one.branch),
            commit
        )),
        None => output::line("There was nothing to commit."),
    }
    Ok(())
}

async fn merge(client: &Client, json: bool, args: &MergeArgs) -> Result<(), Failure> {
    let one = find(client, &args.name).await?;
    let mut request = MergeRequest {
        message: args.message.as_deref().map(values::text).transpose()?,
        confirm: args.confirm.clone(),
    };
    let path = format!("/api/worktrees/{}/merge", one.id);
    let answer: MergeAnswer = loop {
        match client.post(path.clone(), &request).await {
            Err(Failure::Problem(problem)) if !json => {
                request.confirm = Some(agreed(problem, &one.name)?);
            }
            answer => break answer?,
        }
    };
    if json {
        output::json(&answer);
    } else {
        output::line(&format!(
            "{} is in {} now, at {:.10}",
            one.name,
            plain(&one.base),
            answer.commit
        ));
    }
    Ok(())
}

async fn clean(client: &Client, json: bool, args: &CleanArgs) -> Result<(), Failure> {
    if !args.names.is_empty() {
        for name in &args.names {
            let one = find(client, name).await?;
            remove(client, json, args, &one).await?;
        }
        return Ok(());
    }
    let all: Vec<Worktree> = client.list("/api/worktrees").await?;
    let mut left = 0;
    for one in &all {
        if !one.status.as_ref().is_some_and(|status| status.merged) {
            left += 1;
            continue;
        }
        let call = Call::new(Method::DELETE, format!("/api/worktrees/{}", one.id));
        match client.fetch::<RemoveAnswer>(call).await {
            Ok(answer) => told(json, &answer),
            // An agent lives in it, or it changed just now.
            Err(Failure::Problem(problem)) if problem.status == 409 => {
                left += 1;
                output::note(&format!("{} stays: {}", one.name, plain(&problem.detail)));
            }
            Err(failure) => return Err(failure),
        }
    }
    if !json {
        match left {
            0 if all.is_empty() => output::line("There is no worktree; nothing to remove."),
            0 => {}
            1 => output::line("1 stays: not merged, not committed, or in use."),
            _ => output::line(&format!(
                "{left} stay: not merged, not committed, or in use."
            )),
        }
    }
    Ok(())
}

async fn remove(
    client: &Client,
    json: bool,
    args: &CleanArgs,
    one: &Worktree,
) -> Result<(), Failure> {
    let mut confirm = args.confirm.clone();
    loop {
        let keep = args.keep_branch;
        let mut path = format!("/api/worktrees/{}?keep_branch={keep}", one.id);
        if let Some(word) = &confirm {
            path.push_str(&format!("&confirm={}", values::segment(word)));
        }
        match client
            .fetch::<RemoveAnswer>(Call::new(Method::DELETE, path))
            .await
        {
            Ok(answer) => {
                told(json, &answer);
                return Ok(());
            }
            Err(Failure::Problem(problem)) if !json => confirm = Some(agreed(problem, &one.name)?),
            Err(failure) => return Err(failure),
        }
    }
}

fn told(json: bool, answer: &RemoveAnswer) {
    if json {
        output::json(answer);
        return;
    }
    let kept = answer.kept_branch.as_deref();
    let kept = kept.map_or(String::new(), |branch| format!("; {} stays", plain(branch)));
    output::line(&format!("{} was removed{kept}", answer.name));
}

/// The worktree that somebody means: by name, id or agent.
///
/// # Errors
/// When there is none, or more than one.
pub async fn find(client: &Client, word: &str) -> Result<Worktree, Failure> {
    let mut page: orchestra_protocol::event::Page<Worktree> =
        client.get("/api/worktrees?status=false&limit=200").await?;
    let means = |one: &Worktree| {
        one.name == word || one.id == word || one.agent_id.as_deref() == Some(word)
    };
    page.items.retain(means);
    if let [_, _, ..] = page.items[..] {
        let repos: Vec<_> = page
            .items
            .iter()
            .map(|one| format!("{} ({})", one.id, one.repo))
            .collect();
        let text = format!(
            "several are called {word:?}; give an id: {}",
            repos.join(", ")
        );
        return Err(Failure::Usage(text));
    }
    page.items.pop().ok_or_else(|| {
        let detail = format!("there is no worktree {word:?}; orchestra worktrees lists them");
        Failure::Problem(Problem::new(404, "not_found", "Not found", detail))
    })
}
