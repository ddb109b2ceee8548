//! `orchestra approvals`, `approve` and `deny`: the inbox without a browser.

use super::client::Client;
use super::connection::Connection;
use super::failure::Failure;
use super::output;
use clap::Args;
use orchestra_protocol::approval::{
    Approval, ApprovalAnswer, ApprovalDecision, ApprovalForm, ApprovalScope, ApprovalState,
    DenyRequest,
};
use orchestra_protocol::event::Page;
use orchestra_protocol::problem::Problem;
use std::collections::BTreeMap;

/// How much of an id is shown and is enough to name it: its end, because ids of one
/// moment begin alike.
const SHORT: usize = 8;

/// Lists what agents ask you, the longest wait first.
#[derive(Debug, Args)]
pub struct ApprovalsArgs {
    /// One of them, whole; the end of its id is enough.
    pub id: Option<String>,
    /// Those too that ended lately.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub connection: Connection,
}

/// Lets an agent do what it asks for.
#[derive(Debug, Args)]
#[command(after_help = "Examples: orchestra approve 3f2a91c0
          orchestra approve 3f2a91c0 --rule \"Bash(npm test *)\"
          orchestra approve 3f2a91c0 --answer Blue")]
pub struct ApproveArgs {
    /// The end of its id, as orchestra approvals shows it.
    pub id: String,
    /// Also for the rest of the agent's session.
    #[arg(long, conflicts_with = "rule")]
    pub session: bool,
    /// From now on, what this rule covers, such as "Bash(npm test *)".
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// Where the agent asks questions: the answer to each, in their order.
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub answer: Vec<String>,
    #[command(flatten)]
    pub connection: Connection,
}

/// Does not let an agent do what it asks for.
#[derive(Debug, Args)]
pub struct DenyArgs {
    /// The end of its id, as orchestra approvals shows it.
    pub id: String,
    /// What the agent is told.
    #[arg(long, short, value_name = "TEXT", allow_hyphen_values = true)]
    pub message: Option<String>,
    #[command(flatten)]
    pub connection: Connection,
}

/// Prints the list, or one whole.
///
/// # Errors
/// When the daemon is not reachable or refuses, or there is no such approval.
pub async fn list(args: &ApprovalsArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    if let Some(id) = &args.id {
        let found = find(&client, id).await?;
        if args.connection.json {
            output::json(&found);
        } else {
            output::text(&whole(&found));
        }
        return Ok(());
    }
    let path = match args.all {
        true => "/api/approvals?limit=50",
        false => "/api/approvals?state=pending&limit=200",
    };
    let mut page: Page<Approval> = client.get(path).await?;
    page.items.reverse();
    if args.connection.json {
        page.items.iter().for_each(output::json);
        return Ok(());
    }
    if page.items.is_empty() {
        output::line("No agent asks you anything.");
        return Ok(());
    }
    let rows: Vec<Vec<String>> = page.items.iter().map(row).collect();
    let head = ["ID", "AGENT", "ASKED", "STATE", "WHAT"];
    output::print_table(&head, &rows, |_, _| output::Tone::Plain);
    Ok(())
}

/// Says yes.
///
/// # Errors
/// When the daemon is not reachable or refuses, or somebody else was first.
pub async fn approve(args: ApproveArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    let found = find(&client, &args.id).await?;
    let answers = match found.form {
        ApprovalForm::Question => Some(answers(&found, args.answer)?),
        ApprovalForm::Permission if args.answer.is_empty() => None,
        ApprovalForm::Permission => {
            let text = "it asks for a permission; --answer is for questions";
            return Err(Failure::Usage(text.to_owned()));
        }
    };
    let scope = match (args.session, &args.rule) {
        (true, _) => Some(ApprovalScope::Session),
        (false, Some(_)) => Some(ApprovalScope::Rule),
        (false, None) => None,
    };
    let answer = ApprovalAnswer {
        decision: ApprovalDecision::Allow,
        scope,
        rule: args.rule,
        message: None,
        answers,
    };
    let path = format!("/api/approvals/{}/answer", found.id);
    let ended: Approval = client.post(path, &answer).await?;
    told(&args.connection, &ended, "allowed");
    Ok(())
}

/// Says no.
///
/// # Errors
/// As `approve`.
pub async fn deny(args: DenyArgs) -> Result<(), Failure> {
    let client = args.connection.client()?;
    let found = find(&client, &args.id).await?;
    let path = format!("/api/approvals/{}/deny", found.id);
    let request = DenyRequest {
        message: args.message,
    };
    let ended: Approval = client.post(path, &request).await?;
    told(&args.connection, &ended, "denied");
    Ok(())
}

fn told(connection: &Connection, ended: &Approval, word: &str) {
    if connection.json {
        output::json(ended);
    } else {
        let what = output::plain(&ended.summary);
        output::line(&format!("{word}: {} {what}", ended.agent_id));
    }
}

/// The approval of that id, or the one whose id ends like that.
async fn find(client: &Client, id: &str) -> Result<Approval, Failure> {
    let good = id.len() >= 4
        && id
            .bytes()
            .all(|letter| letter.is_ascii_hexdigit() || letter == b'-');
    let none =
        |detail: String| Failure::Problem(Problem::new(404, "not_found", "Not found", detail));
    if !good {
        return Err(none(format!(
            "{id:?} is no id of an approval; orchestra approvals lists them"
        )));
    }
    if id.len() == 36 {
        return client.get(format!("/api/approvals/{id}")).await;
    }
    let pending: Page<Approval> = client.get("/api/approvals?state=pending&limit=200").await?;
    let recent: Page<Approval> = client.get("/api/approvals?limit=200").await?;
    let mut all: BTreeMap<String, Approval> = BTreeMap::new();
    for one in pending.items.into_iter().chain(recent.items) {
        if one.id.ends_with(&id.to_ascii_lowercase()) {
            all.insert(one.id.clone(), one);
        }
    }
    match (all.pop_first(), all.len()) {
        (Some((_, one)), 0) => Ok(one),
        (Some(_), more) => Err(Failure::Usage(format!(
            "{} approvals end with {id:?}; give more of the id",
            more + 1
        ))),
        (None, _) => Err(none(format!(
            "no approval ends with {id:?}; orchestra approvals lists those that wait"
        ))),
    }
}

/// The answers by question.
fn answers(found: &Approval, given: Vec<String>) -> Result<BTreeMap<String, String>, Failure> {
    let asked: Vec<&str> = found.input["questions"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["question"].as_str())
        .collect();
    if asked.len() != given.len() {
        let list = asked
            .iter()
            .map(|question| format!("\n  {}", output::plain(question)))
            .collect::<String>();
        return Err(Failure::Usage(format!(
            "it asks {}; give --answer for each:{list}",
            asked.len()
        )));
    }
    Ok(asked.into_iter().map(str::to_owned).zip(given).collect())
}

fn row(one: &Approval) -> Vec<String> {
    let short = one.id.len().saturating_sub(SHORT);
    vec![
        one.id[short..].to_owned(),
        one.agent_id.clone(),
        output::age(one.created_at),
        state(one.state).to_owned(),
        output::plain(&one.summary),
    ]
}

fn state(state: ApprovalState) -> &'static str {
    match state {
        ApprovalState::Pending => "pending",
        ApprovalState::Allowed => "allowed",
        ApprovalState::Denied => "denied",
        ApprovalState::Expired => "expired",
        ApprovalState::Withdrawn => "withdrawn",
    }
}

/// Everything about one, for a person who is to decide.
fn whole(one: &Approval) -> String {
    let mut text = format!(
        "{} asks {} ago to use {} in {}\n",
        one.agent_id,
        output::age(one.created_at),
        output::plain(&one.tool),
        output::plain(&one.cwd),
    );
    for (name, value) in one.input.as_object().into_iter().flatten() {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        text.push_str(&format!(
            "  {}: {}\n",
            output::plain(name),
            output::plain_lines(&value).replace('\n', "\n    ")
        ));
    }
    if one.cut_bytes > 0 {
        text.push_str(&format!("  {} bytes are not shown\n", one.cut_bytes));
    }
    let lines = [
        ("--session gives", &one.session_grant),
        ("--rule may be", &one.suggested_rules),
    ];
    for (label, values) in lines.iter().filter(|(_, values)| !values.is_empty()) {
        text.push_str(&format!("{label}: {}\n", output::plain(&values.join("; "))));
    }
    text.push_str(&format!("It is {}", state(one.state)));
    if let Some(by) = one.answered_by.as_deref().or(one.rule.as_deref()) {
        text.push_str(&format!(" by {}", output::plain(by)));
    }
    if let Some(reason) = &one.reason {
        text.push_str(&format!(": {}", output::plain(reason)));
    }
    text.push('\n');
    text
}
