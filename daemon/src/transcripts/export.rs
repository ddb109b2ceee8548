//! A session as markdown, piece by piece, with its sub-agents where they were started.

use super::prices::Prices;
use super::view;
use orchestra_protocol::transcript::{Entry, EntryRole, Part, Transcript};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Entries that are written at a time.
const STEP: usize = 200;
/// Longest text of a tool that is written.
const MAX_TOOL: usize = 8 * 1024;

/// One file that goes into the text.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: PathBuf,
    pub about: Transcript,
}

/// Writes a session to the end of its file; call it until it gives nothing more.
pub struct Export {
    prices: Arc<Prices>,
    main: Source,
    children: Vec<Source>,
    next: u64,
    begun: bool,
    done: bool,
}

impl Export {
    /// From the beginning.
    pub fn new(prices: Arc<Prices>, main: Source, children: Vec<Source>) -> Self {
        Self {
            prices,
            main,
            children,
            next: 0,
            begun: false,
            done: false,
        }
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn piece(&mut self) -> std::io::Result<Option<String>> {
        if self.done {
            return Ok(None);
        }
        let mut out = String::new();
        if !self.begun {
            self.begun = true;
            head(&self.main.about, 1, &mut out);
        }
        let part = view::entries(
            &self.prices,
            &self.main.about.kind,
            &self.main.path,
            self.next,
            STEP,
        )?;
        for entry in &part.entries {
            write_entry(entry, "##", &mut out);
            for part in &entry.parts {
                if let Part::ToolCall { call_id, .. } = part {
                    self.nested(Some(call_id), &mut out)?;
                }
            }
        }
        self.done = part.at_end || part.next == self.next;
        self.next = part.next;
        if self.done {
            // Those whose call was not seen.
            self.nested(None, &mut out)?;
        }
        Ok(Some(out))
    }

    fn nested(&mut self, call: Option<&str>, out: &mut String) -> std::io::Result<()> {
        let wanted = |child: &Source| call.is_none() || child.about.call_id.as_deref() == call;
        let (now, later) = std::mem::take(&mut self.children)
            .into_iter()
            .partition(wanted);
        self.children = later;
        let now: Vec<Source> = now;
        for child in now {
            head(&child.about, 3, out);
            let mut from = 0;
            loop {
                let part = view::entries(&self.prices, &child.about.kind, &child.path, from, STEP)?;
                for entry in &part.entries {
                    write_entry(entry, "####", out);
                }
                if part.at_end || part.next == from {
                    break;
                }
                from = part.next;
            }
            out.push_str("\n*End of the sub-agent.*\n");
        }
        Ok(())
    }
}

fn head(about: &Transcript, level: usize, out: &mut String) {
    let mark = "#".repeat(level);
    let what = if about.parent.is_some() {
        "Sub-agent: "
    } else {
        ""
    };
    // Writing to a string cannot fail.
    let _ = writeln!(out, "\n{mark} {what}{}\n", about.title);
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(out, "- {name}: {}", value.replace('\n', " "));
        }
    };
    line("CLI", Some(about.kind.clone()));
    line("Session", Some(about.session.clone()));
    line("Folder", about.cwd.clone());
    line("Branch", about.branch.clone());
    line("Model", about.model.clone());
    line("Began", about.started_at.map(|at| at.to_string()));
    let tokens = about.usage.map(|usage| {
        format!(
            "{} in, {} out, {} into the cache, {} from it",
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_write_tokens,
            usage.cache_read_tokens
        )
    });
    line("Tokens", tokens);
    line(
        "Cost",
        about
            .cost_usd
            .map(|cost| format!("${cost:.4} at list prices")),
    );
    line("Not read", about.problem.clone());
}

fn write_entry(entry: &Entry, mark: &str, out: &mut String) {
    let who = match entry.role {
        EntryRole::User => "User",
        EntryRole::Assistant => "Assistant",
        EntryRole::System => "System",
    };
    let only_results = entry
        .parts
        .iter()
        .all(|part| matches!(part, Part::ToolResult { .. }));
    if !only_results {
        let at = entry.at.map(|at| format!(" · {at}")).unwrap_or_default();
        let _ = writeln!(out, "\n{mark} {who}{at}\n");
    }
    for part in &entry.parts {
        match part {
            Part::Text { text } => {
                let _ = writeln!(out, "{text}\n");
            }
            Part::Thinking { text } => {
                let quoted = text.replace('\n', "\n> ");
                let _ = writeln!(out, "> *Thinking.* {quoted}\n");
            }
            Part::ToolCall { name, input, .. } => {
                fenced(&format!("Tool: {name}"), "json", input, out);
            }
            Part::ToolResult { text, is_error, .. } => {
                let title = if *is_error { "Failed" } else { "Result" };
                fenced(title, "", text, out);
            }
            Part::Error { text } => {
                let _ = writeln!(out, "**Error:** {text}\n");
            }
            Part::Note { text } => {
                let _ = writeln!(out, "*{text}*\n");
            }
        }
    }
}

/// A block that nothing in the text can end.
fn fenced(title: &str, language: &str, text: &str, out: &mut String) {
    let longest = text
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let shown = super::facts::cut(text, MAX_TOOL);
    let rest = text.len() - shown.len();
    let _ = writeln!(out, "**{title}**\n\n{fence}{language}\n{shown}\n{fence}\n");
    if rest > 0 {
        let _ = writeln!(out, "*… {rest} bytes more.*\n");
    }
}
