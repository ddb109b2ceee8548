//! From the bytes of a control client to events.
//!
//! A reply is what stands between `%begin T N F` and `%end` or `%error` with
//! the same triple. A pane can print a line that looks like that end, so a
//! reply that carries pane text is *fenced*: the request is followed by one
//! that prints a random word, and everything up to that word is one
//! [`Section`], taken apart afterwards with what is known about its rows.

use super::{section::Section, vis::unescape_output};
use crate::ids::{PaneId, WindowId};
use bytes::{Buf, Bytes, BytesMut};

/// More than this in one line or one reply is no answer to any question of
/// ours: the largest, a page of history, stays far below.
const MAX_REPLY: usize = 64 * 1024 * 1024;
/// The most lines in the reply that holds a fence.
const FENCE_LINES: usize = 16;

/// The stream is not the control protocol (any more).
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DecodeError {
    /// A line or a reply above all bounds.
    #[error("a reply of more than {MAX_REPLY} bytes")]
    TooLong,
    /// A fenced reply that does not have the shape it must have.
    #[error("a reply has a wrong shape: {0}")]
    Shape(&'static str),
}

/// One thing that tmux told a control client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The reply to one command.
    Block(Block),
    /// All replies up to the fence.
    Section(Section),
    /// A pane printed something; escapes are undone.
    Output(PaneId, Bytes),
    /// tmux stopped sending this pane's output, because we were too slow or asked.
    Paused(PaneId),
    /// Output flows again.
    Continued(PaneId),
    /// A window is gone, from this client's session or from every one.
    WindowClosed(WindowId),
    /// The client is being sent away; the stream ends.
    Exit(String),
}

/// The reply to one command, ended by its own triple.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// False for the reply to `attach` and for what others caused.
    pub ours: bool,
    /// False if it ended in `%error`; the lines then say why.
    pub ok: bool,
    /// What the command printed.
    pub lines: Vec<Bytes>,
}

/// The numbers that tie `%begin` to its `%end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Triple {
    time: u64,
    number: u64,
    flags: u32,
}

/// How a line stands to the replies around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    Begin(Triple),
    End(Triple),
    Error(Triple),
}

impl Guard {
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok()?;
        let (make, rest): (fn(Triple) -> Self, _) = if let Some(rest) = text.strip_prefix("%begin ")
        {
            (Self::Begin, rest)
        } else if let Some(rest) = text.strip_prefix("%end ") {
            (Self::End, rest)
        } else {
            (Self::Error, text.strip_prefix("%error ")?)
        };
        let mut fields = rest.split(' ');
        let triple = Triple {
            time: fields.next()?.parse().ok()?,
            number: fields.next()?.parse().ok()?,
            flags: fields.next()?.parse().ok()?,
        };
        fields.next().is_none().then(|| make(triple))
    }

    /// The outcome, if this ends the reply that `begin` opened.
    pub(crate) fn closes(self, begin: Triple) -> Option<bool> {
        match self {
            Self::End(triple) if triple == begin => Some(true),
            Self::Error(triple) if triple == begin => Some(false),
            _ => None,
        }
    }
}

impl Triple {
    /// Set on replies to lines that came from this client's own input.
    fn ours(self) -> bool {
        self.flags & 1 != 0
    }
}

#[derive(Debug)]
enum State {
    Between,
    Block {
        begin: Triple,
        lines: Vec<Bytes>,
    },
    /// Everything until the fence, guards included.
    Fenced {
        lines: Vec<Bytes>,
    },
}

/// Feed it bytes, ask it for events.
#[derive(Debug)]
pub struct Decoder {
    buffer: BytesMut,
    /// No newline before this place.
    scanned: usize,
    /// Bytes in the reply that is open.
    gathered: usize,
    state: State,
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            buffer: BytesMut::new(),
            scanned: 0,
            gathered: 0,
            state: State::Between,
        }
    }
}

impl Decoder {
    /// Throws away what was read and not decoded.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.scanned = 0;
    }

    /// Where to read into; what is appended here is decoded next.
    pub fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next event, or `None` until more bytes come. `fence` is the word
    /// that ends the reply to the oldest unanswered request, if it has one.
    pub fn next(&mut self, fence: Option<&str>) -> Result<Option<Event>, DecodeError> {
        while let Some(line) = self.line()? {
            if let Some(event) = self.take(line, fence)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    fn line(&mut self) -> Result<Option<Bytes>, DecodeError> {
        let Some(at) = self.buffer[self.scanned..].iter().position(|&b| b == b'\n') else {
            self.scanned = self.buffer.len();
            return if self.scanned > MAX_REPLY {
                Err(DecodeError::TooLong)
            } else {
                Ok(None)
            };
        };
        let line = self.buffer.split_to(self.scanned + at).freeze();
        self.buffer.advance(1);
        self.scanned = 0;
        Ok(Some(line))
    }

    fn take(&mut self, line: Bytes, fence: Option<&str>) -> Result<Option<Event>, DecodeError> {
        let state = std::mem::replace(&mut self.state, State::Between);
        self.gathered = if matches!(state, State::Between) {
            0
        } else {
            self.gathered + line.len()
        };
        if self.gathered > MAX_REPLY {
            return Err(DecodeError::TooLong);
        }
        match state {
            State::Between => match Guard::parse(&line) {
                Some(Guard::Begin(begin)) if begin.ours() && fence.is_some() => {
                    self.state = State::Fenced { lines: vec![line] };
                }
                Some(Guard::Begin(begin)) => {
                    self.state = State::Block {
                        begin,
                        lines: Vec::new(),
                    }
                }
                Some(_) => {}
                None => return Ok(notification(&line)),
            },
            State::Block { begin, mut lines } => {
                if let Some(ok) = Guard::parse(&line).and_then(|guard| guard.closes(begin)) {
                    return Ok(Some(Event::Block(Block {
                        ours: begin.ours(),
                        ok,
                        lines,
                    })));
                }
                lines.push(line);
                self.state = State::Block { begin, lines };
            }
            State::Fenced { mut lines } => {
                lines.push(line);
                let end = fence.map_or(Some(lines.len()), |fence| fence_stands(&lines, fence));
                if let Some(end) = end {
                    lines.truncate(end);
                    return Ok(Some(Event::Section(Section::new(lines))));
                }
                self.state = State::Fenced { lines };
            }
        }
        Ok(None)
    }
}

/// Where the reply that holds the fence begins, if the last line ends it.
fn fence_stands(lines: &[Bytes], fence: &str) -> Option<usize> {
    let (end, before) = lines.split_last()?;
    let end = Guard::parse(end)?;
    // Some builds slip a notification into a reply; more than a few lines can
    // only be text of a pane.
    let nearest = before.len().saturating_sub(FENCE_LINES);
    let begin = (nearest..before.len())
        .rev()
        .find(|&at| match Guard::parse(&before[at]) {
            Some(Guard::Begin(begin)) => end.closes(begin).is_some(),
            _ => false,
        })?;
    before[begin..]
        .iter()
        .any(|line| line == fence.as_bytes())
        .then_some(begin)
}

/// Whether a line is a notification; no reply of tmux itself begins like one.
pub(crate) fn is_notification(line: &[u8]) -> bool {
    matches!(line, [b'%', letter, ..] if letter.is_ascii_lowercase())
}

/// The event in a line outside of any reply; most are of no interest.
pub(crate) fn notification(line: &Bytes) -> Option<Event> {
    if !line.starts_with(b"%") {
        return None;
    }
    let (name, rest) = split_at_space(line);
    match name {
        b"%output" => {
            let (pane, data) = split_at_space(rest);
            Some(Event::Output(pane_id(pane)?, unescape_output(data)))
        }
        b"%extended-output" => {
            let (pane, rest) = split_at_space(rest);
            let colon = rest.windows(3).position(|w| w == b" : ")?;
            Some(Event::Output(
                pane_id(pane)?,
                unescape_output(&rest[colon + 3..]),
            ))
        }
        b"%pause" => pane_id(rest).map(Event::Paused),
        b"%continue" => pane_id(rest).map(Event::Continued),
        b"%window-close" | b"%unlinked-window-close" => {
            let id = std::str::from_utf8(rest).ok()?.parse().ok()?;
            Some(Event::WindowClosed(id))
        }
        b"%exit" => Some(Event::Exit(String::from_utf8_lossy(rest).into_owned())),
        _ => None,
    }
}

fn split_at_space(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|&b| b == b' ') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

fn pane_id(bytes: &[u8]) -> Option<PaneId> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
