//! What a run consists of: which turns, in which order, with which pauses. All of it
//! follows from the CLI and the seed.

use super::super::scenes::Asks;

/// One turn of one sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scene {
    /// Nothing is asked.
    Rest,
    /// An answer at once, a late one, one that trickles in.
    Echo,
    Slow,
    Stream,
    /// A tool asks, is allowed and takes some seconds.
    Allowed,
    /// A tool asks and a person refuses by Escape.
    Refused,
    /// The agent asks a person a question of its own.
    Question,
    /// The model refuses.
    Failure,
    /// A person presses the keys that end a turn.
    Interrupt,
    /// The quota is used up, and is there again.
    Quota,
}

impl Scene {
    pub(super) fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// What the agent is told.
    pub(super) fn text(self, word: &str) -> Option<String> {
        Some(match self {
            Self::Rest => return None,
            Self::Echo => format!("echo {word}"),
            Self::Slow => format!("slowly say {word}"),
            Self::Stream => format!("tell at length {word}"),
            // Some CLIs refuse to sleep.
            Self::Allowed | Self::Refused => {
                format!("ask to run timeout 3 tail -f /dev/null; touch {word}")
            }
            Self::Question => "ask which colour".to_owned(),
            Self::Failure => "fail with 400".to_owned(),
            Self::Interrupt => format!("never answer {word}"),
            Self::Quota => format!("use up the quota, {word}"),
        })
    }
}

/// Who is asked for a permission by that CLI.
pub(super) fn asks(kind: &str) -> Asks {
    match kind {
        "gemini" => Asks::InTerminal,
        "aider" => Asks::Never,
        _ => Asks::Us,
    }
}

/// Keys by which a person ends a turn of that CLI.
pub(super) fn interrupt(kind: &str) -> &'static [&'static str] {
    match kind {
        "opencode" => &["Escape", "Escape"],
        "aider" => &["C-c"],
        _ => &["Escape"],
    }
}

/// The scenes of a run; a short one has those in which sources are known to disagree.
pub(super) fn scenes(kind: &str, seed: u64, short: bool) -> Vec<Scene> {
    let mut scenes = vec![Scene::Slow, Scene::Interrupt];
    if asks(kind) != Asks::Never {
        scenes.extend([Scene::Allowed, Scene::Refused]);
    }
    if !short {
        scenes.extend([Scene::Rest, Scene::Echo, Scene::Stream, Scene::Failure]);
        if kind == "claude" {
            scenes.extend([Scene::Question, Scene::Quota]);
        }
    }
    let mut dice = Dice(seed);
    for at in (1..scenes.len()).rev() {
        scenes.swap(at, dice.below(at as u64 + 1));
    }
    scenes
}

/// Numbers that follow from a seed.
pub(super) struct Dice(pub u64);

impl Dice {
    /// A number from 0 up to, but without, `end`.
    pub(super) fn below(&mut self, end: u64) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % end).unwrap()
    }
}
