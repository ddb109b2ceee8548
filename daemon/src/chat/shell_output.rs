//! What a command at a shell printed, as its terminal holds it: a shell has no other
//! record. From the echo of the command to the prompt after it.

use super::Chat;
use crate::model::ids::AgentId;
use crate::store::rows::StoredMessage;

/// Rows of a terminal that are read back at most.
const ROWS: u32 = 2_000;
/// Longest output kept; its end is what counts.
const LONGEST: usize = 64 * 1024;
const CUT: &str = "(the beginning was cut)\n";

impl Chat {
    /// The answer to a command: `code` is the marker's word on how it ended.
    pub(in crate::chat) async fn shell_output(
        &self,
        agent: &AgentId,
        message: Option<&StoredMessage>,
        code: &str,
    ) -> String {
        match self.output(agent, message).await {
            None => code.to_owned(),
            Some(output) => format!("{code}\n\n{output}"),
        }
    }

    /// What stands on the screen behind a message; none when that is nothing.
    pub(in crate::chat) async fn output(
        &self,
        agent: &AgentId,
        message: Option<&StoredMessage>,
    ) -> Option<String> {
        let rows = self.agents.terminals().tail(agent, ROWS).await.ok()?;
        let command = message.map(|message| message.view.text.as_str());
        let output = printed(&rows, command.unwrap_or_default());
        (!output.is_empty()).then_some(output)
    }
}

/// The rows between the echo of the command and the prompt that follows.
fn printed(rows: &[String], command: &str) -> String {
    let lines: Vec<&str> = command.trim_end().lines().map(str::trim_end).collect();
    let echo = echo(rows, &lines);
    let (from, prompt) = echo.unwrap_or((0, ""));
    let mut output: Vec<&str> = rows[from..].iter().map(|row| row.trim_end()).collect();
    while output.last().is_some_and(|row| row.is_empty()) {
        output.pop();
    }
    if echo.is_some() && output.last() == Some(&prompt.trim_end()) && !prompt.trim().is_empty() {
        output.pop();
    }
    let text = output.join("\n");
    let text = text.trim_end().trim_start_matches('\n');
    if text.len() <= LONGEST && (echo.is_some() || command.is_empty()) {
        return text.to_owned();
    }
    let mut from = text.len().saturating_sub(LONGEST);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    format!("{CUT}{}", &text[from..])
}

/// Where the output begins and the prompt before the command, by the newest row that
/// ends with its first line, or begins it where the terminal's edge broke the line.
fn echo<'a>(rows: &'a [String], lines: &[&str]) -> Option<(usize, &'a str)> {
    let first = lines.first().filter(|first| !first.is_empty())?;
    (0..rows.len()).rev().find_map(|at| {
        let row = rows[at].as_str();
        let (prompt, mut after) = if let Some(prompt) = row.strip_suffix(first) {
            (prompt, at + 1)
        } else {
            broken(rows, at, first)?
        };
        for line in &lines[1..] {
            // Further lines are echoed below, as typed; a prompt may stand before them.
            if rows.get(after).is_some_and(|row| row.ends_with(line)) {
                after += 1;
            }
        }
        Some((after, prompt))
    })
}

/// The same for a line that goes on in the next rows.
fn broken<'a>(rows: &'a [String], at: usize, first: &str) -> Option<(&'a str, usize)> {
    let row = rows[at].as_str();
    let cuts = row.char_indices().map(|(cut, _)| cut);
    let cut = cuts.into_iter().find(|cut| {
        let piece = &row[*cut..];
        piece.len() >= 8 && piece.len() < first.len() && first.starts_with(piece)
    })?;
    let mut rest = &first[row.len() - cut..];
    let mut after = at + 1;
    while !rest.is_empty() {
        let next = rows.get(after)?.as_str();
        // Blanks at the edge are not in the row any more.
        rest = rest.trim_start().strip_prefix(next.trim_start())?;
        after += 1;
        if next.is_empty() {
            return None;
        }
    }
    Some((&row[..cut], after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn the_output_lies_between_the_command_and_the_next_prompt() {
        let screen = rows("$ echo old\nold\n$ echo hi\nhi\n$\n\n");
        assert_eq!(printed(&screen, "echo hi"), "hi");
        let quiet = rows("$ true\n$");
        assert_eq!(printed(&quiet, "true"), "");
        let early = rows("$ echo hi\nhi");
        assert_eq!(
            printed(&early, "echo hi"),
            "hi",
            "the prompt is not there yet"
        );
    }

    #[test]
    fn several_lines_and_broken_ones_are_found() {
        let block = rows("$ echo one\necho two\none\ntwo\n$");
        assert_eq!(printed(&block, "echo one\necho two"), "one\ntwo");
        let broken = rows("$ printf aaaaaaaaaa\nbbbbbbbbbb\nout\n$");
        assert_eq!(printed(&broken, "printf aaaaaaaaaabbbbbbbbbb"), "out");
    }

    #[test]
    fn what_is_too_long_keeps_its_end_and_says_so() {
        let mut all = vec!["$ seq".to_owned()];
        all.extend((0..20_000).map(|number| number.to_string()));
        let text = printed(&all, "seq");
        assert!(text.starts_with(CUT) && text.ends_with("19999"));
        assert!(text.len() <= LONGEST + CUT.len());
        let lost = printed(&all[5..], "seq");
        assert!(lost.starts_with(CUT), "the command scrolled out");
    }
}
