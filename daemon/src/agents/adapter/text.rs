//! Words of ours on their way to a CLI: what every adapter does alike.

use super::LaunchContext;
use crate::config::Specialist;
use serde_json::Value;
use std::path::Path;

/// Whole texts that end a program, even with spaces around them.
const EXITS: &[&str] = &["exit", "quit", ":q", ":q!", ":wq", ":wq!"];

/// Text that ends no program because it is one of its words for the end; none otherwise.
pub(super) fn no_exit(text: &str) -> Option<String> {
    let word = text.trim();
    EXITS.contains(&word).then(|| format!("{word}\u{200b}"))
}

/// Text without white space and zero-width spaces: what all CLIs leave alone.
pub(super) fn squeeze(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '\u{200b}' | '\u{2060}'))
        .collect()
}

/// True when a choice is on the screen: a pointer before a numbered option. Words of a
/// dialog without it are words that somebody wrote.
pub(super) fn offers_choice(rows: &[&str], pointer: char) -> bool {
    rows.iter().any(|row| {
        let option = row
            .trim_start_matches([' ', '│'])
            .strip_prefix(pointer)
            .map(str::trim_start);
        option.is_some_and(|option| {
            let digits = option.trim_start_matches(|letter: char| letter.is_ascii_digit());
            digits.len() < option.len() && digits.starts_with('.')
        })
    })
}

/// Text made safe to paste: line ends as LF, no control characters but tab and LF,
/// so that no escape sequence can end a bracketed paste.
pub(super) fn pasteable(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t'))
        .collect()
}

/// A POSIX shell word.
pub(super) fn shell_word(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// The rules every agent gets, with its own instructions.
pub(super) fn rules(context: &LaunchContext<'_>) -> String {
    let template = if context.primary {
        include_str!("../../../../claude-config/CLAUDE.md")
    } else {
        include_str!("../../../../claude-config/specialist.md")
    };
    let cwd = context.cwd.display().to_string();
    let specialists = specialists(context.specialists);
    fill(
        template,
        &[
            ("agent_id", context.agent),
            ("cwd", &cwd),
            ("specialist", context.specialist),
            ("specialists", &specialists),
            ("instructions", context.instructions),
        ],
    )
}

fn specialists(list: &[Specialist]) -> String {
    if list.is_empty() {
        return "None are configured: do the work yourself.".to_owned();
    }
    let line = |one: &Specialist| {
        let labels = one.labels.join(", ");
        format!("- {}: {labels}. {}", one.name, one.instructions)
    };
    list.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Puts each value in once; what a value contains is not filled again.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find("{{") {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let known = after.find("}}").and_then(|end| {
            Some((
                end,
                values.iter().find(|(name, _)| *name == &after[2..end])?,
            ))
        });
        match known {
            Some((end, (_, value))) => {
                out.push_str(value);
                rest = &after[end + 2..];
            }
            None => {
                out.push_str("{{");
                rest = &after[2..];
            }
        }
    }
    out + rest
}

/// Fills the strings of a JSON template after it was parsed, so that no value can
/// break out of its string.
pub(super) fn fill_json(template: &str, values: &[(&str, &str)]) -> Value {
    fn walk(value: &mut Value, values: &[(&str, &str)]) {
        match value {
            Value::String(text) => *text = fill(text, values),
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, values)),
            Value::Object(map) => map.values_mut().for_each(|item| walk(item, values)),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(template).unwrap_or_default();
    walk(&mut value, values);
    value
}

/// Text that no CLI takes for a command: one leading space before `!` and `/`, one
/// trailing space against completion of a last `@word` and a closing backslash.
pub(super) fn as_text(text: &str) -> String {
    let mut text = pasteable(text);
    if text.starts_with(['!', '/']) {
        text.insert(0, ' ');
    }
    text.push(' ');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_text_holds_no_way_out() {
        assert_eq!(pasteable("a\x1b[201~b\r\nc\rd\te\0"), "a[201~b\nc\nd\te");
    }

    #[test]
    fn values_stay_where_they_are_put() {
        assert_eq!(shell_word(Path::new("/a'b c")), r"'/a'\''b c'");
        let values = [("a", "x{{b}}"), ("b", "y\"")];
        assert_eq!(fill("{{a}} {{b}} {{c}} {{", &values), "x{{b}} y\" {{c}} {{");
        let json = fill_json(r#"{"k":["{{b}}"]}"#, &values);
        assert_eq!(json["k"][0], "y\"");
    }

    #[test]
    fn every_template_is_filled_to_the_end() {
        for template in [
            include_str!("../../../../claude-config/CLAUDE.md"),
            include_str!("../../../../claude-config/specialist.md"),
        ] {
            let names = [
                "agent_id",
                "cwd",
                "specialist",
                "specialists",
                "instructions",
            ];
            let values: Vec<_> = names.iter().map(|name| (*name, "v")).collect();
            let text = fill(template, &values);
            assert!(!text.contains("{{"), "{text}");
        }
    }
}
