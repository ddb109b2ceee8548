//! Kinds that the configuration declares: a command, and patterns that say when its screen
//! shows it ready and when at work. Where it tells no events there is no other evidence,
//! and receipts say so.

use super::asking::{hook_answer, plain_ask};
use super::events;
use super::text::pasteable;
use super::{Adapter, Launch, LaunchContext, Reading, Told};
use crate::config::{Config, Kind, PromptMethod};
use crate::model::approval::{Ask, Over, Word};
use crate::model::evidence::Fact;
use orchestra_protocol::agent::ActivityState;
use regex::Regex;
use serde_json::Value;

/// One declared kind.
pub struct Custom {
    kind: String,
    title: String,
    program: String,
    remedy: String,
    ready: Regex,
    busy: Option<Regex>,
    dialog: Option<Regex>,
    interrupt: Vec<&'static str>,
    lines: bool,
    events: bool,
}

/// The declared kinds, each made once: they live as long as the process.
///
/// Patterns were checked when the configuration was read; a kind whose pattern is none
/// after all is left out.
pub fn all(config: &Config) -> Vec<&'static dyn Adapter> {
    let declared = config.settings.kinds.iter();
    declared
        .filter(|(name, _)| super::find(name).is_none())
        .filter_map(|(name, kind)| Custom::new(name, kind).ok())
        .map(|custom| {
            let custom: &'static Custom = Box::leak(Box::new(custom));
            let adapter: &'static dyn Adapter = Box::leak(Box::new(custom));
            adapter
        })
        .collect()
}

impl Custom {
    /// From a table of the configuration.
    ///
    /// # Errors
    /// When a pattern is no regular expression.
    pub fn new(name: &str, kind: &Kind) -> Result<Self, regex::Error> {
        let pattern = |text: &str| match text {
            "" => Ok(None),
            text => Regex::new(text).map(Some),
        };
        let command = kind.command.as_deref().unwrap_or_else(|| name.as_ref());
        let interrupt: &'static str = Box::leak(kind.interrupt.clone().into_boxed_str());
        Ok(Self {
            kind: name.to_owned(),
            title: if kind.title.is_empty() {
                name.to_owned()
            } else {
                kind.title.clone()
            },
            program: command.display().to_string(),
            remedy: format!(
                "Set kinds.{name}.command in the configuration to the path of a program that can be run"
            ),
            ready: Regex::new(&kind.ready)?,
            busy: pattern(&kind.busy)?,
            dialog: pattern(&kind.dialog)?,
            interrupt: if interrupt.is_empty() {
                vec!["C-c"]
            } else {
                interrupt.split_whitespace().collect()
            },
            lines: kind.prompt == PromptMethod::Line,
            events: kind.events,
        })
    }
}

/// Words of an adapter live as long as the process; so does what it borrows.
impl Adapter for &'static Custom {
    fn kind(&self) -> &'static str {
        &self.kind
    }

    fn title(&self) -> &'static str {
        &self.title
    }

    fn program(&self) -> &'static str {
        &self.program
    }

    fn remedy(&self) -> &'static str {
        &self.remedy
    }

    fn tested(&self) -> &'static [&'static str] {
        &[]
    }

    fn proven(&self) -> bool {
        false
    }

    fn launch(&self, context: &LaunchContext<'_>) -> Launch {
        let mut argv = vec![context.program.display().to_string()];
        argv.extend(context.args.iter().cloned());
        Launch {
            argv,
            ..Launch::default()
        }
    }

    fn facts(&self, _name: Option<&str>, event: &Value) -> Vec<Fact> {
        let facts = events::facts(event);
        match self.events {
            true => facts,
            // A wrapper tells begin and end, which is no word on prompts.
            false => Vec::new(),
        }
    }

    fn asks(&self, event: &Value) -> Option<Ask> {
        plain_ask(event, false).filter(|_| self.events)
    }

    fn over(&self, event: &Value) -> Option<Over> {
        match event["hook_event_name"].as_str()? {
            "Stop" | "StopFailure" | "UserPromptSubmit" => Some(Over::Turn),
            "SessionEnd" => Some(Over::All),
            _ => None,
        }
    }

    fn answer(&self, _ask: &Ask, word: &Word) -> Value {
        hook_answer(word)
    }

    fn compose(&self, text: &str, _as_command: bool) -> String {
        let plain = pasteable(text);
        match self.lines {
            // It would take each line for a prompt.
            true => plain.split_whitespace().collect::<Vec<_>>().join(" "),
            false => plain,
        }
    }

    fn read_screen(&self, rows: &[&str], _cursor: (u16, u16)) -> Reading {
        let any = |pattern: &Regex| rows.iter().any(|row| pattern.is_match(row));
        if self.dialog.as_ref().is_some_and(any) {
            return Reading::dialog("asks something; answer in its terminal");
        }
        let last = rows.iter().rev().find(|row| !row.trim().is_empty());
        let shown = rows
            .iter()
            .rev()
            .find(|row| self.ready.is_match(row.trim_end()));
        let busy = match &self.busy {
            Some(busy) => any(busy),
            // Without a pattern of its own: at work is what is not ready.
            None => !last.is_some_and(|row| self.ready.is_match(row.trim_end())),
        };
        Reading {
            ready: shown.is_some() && !busy,
            composer: shown.map(|row| row.trim().to_owned()).unwrap_or_default(),
            state: Some(if busy {
                ActivityState::Busy
            } else if shown.is_some() {
                ActivityState::Idle
            } else {
                ActivityState::Unknown
            }),
            ..Reading::default()
        }
    }

    fn holds(&self, composer: &str, text: &str) -> bool {
        let last = text.lines().rfind(|line| !line.trim().is_empty());
        last.is_some_and(|last| composer.ends_with(last.trim()))
    }

    fn read_title(&self, _title: &str) -> Option<Told> {
        None
    }

    fn announces_itself(&self) -> bool {
        self.events
    }

    fn interrupt_keys(&self) -> &'static [&'static str] {
        &self.interrupt
    }

    fn watched(&self) -> bool {
        true
    }

    fn by_screen(&self) -> bool {
        !self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(ready: &str, busy: &str) -> &'static Custom {
        let kind = Kind {
            ready: ready.to_owned(),
            busy: busy.to_owned(),
            ..Kind::default()
        };
        Box::leak(Box::new(Custom::new("mine", &kind).unwrap()))
    }

    #[test]
    fn patterns_tell_ready_from_busy() {
        let mine = custom("^you> ?$", "^thinking");
        assert!(mine.read_screen(&["hello", "you>"], (0, 0)).ready);
        let reading = mine.read_screen(&["you>", "thinking"], (0, 0));
        assert!(!reading.ready && reading.state == Some(ActivityState::Busy));
    }

    #[test]
    fn without_a_busy_pattern_the_prompt_has_to_be_last() {
        let mine = custom("^you> ?$", "");
        assert!(mine.read_screen(&["you>", ""], (0, 0)).ready);
        assert!(!mine.read_screen(&["you>", "some answer"], (0, 0)).ready);
    }

    #[test]
    fn a_wrong_pattern_is_an_error() {
        let kind = Kind {
            ready: "(".to_owned(),
            ..Kind::default()
        };
        assert!(Custom::new("mine", &kind).is_err());
    }
}
