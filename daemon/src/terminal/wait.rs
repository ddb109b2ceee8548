//! Waiting for what a terminal shows, and for it to come to rest. The live stream says when
//! something was printed; nothing is asked of tmux while nothing happens.

use super::live::{LiveChunk, LiveViewer};
use super::screen::ScreenFormat;
use super::{TerminalError, TerminalEvent, Terminals};
use crate::model::ids::AgentId;
use orchestra_protocol::terminal::Screen;
use regex::Regex;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep_until, timeout_at};

/// While a program prints, the screen is looked at once in this time.
const LOOK: Duration = Duration::from_millis(30);

/// What to wait for; with both, the text comes first.
#[derive(Debug, Clone)]
pub struct Wait {
    /// A row that matches.
    pub until: Option<Regex>,
    /// Nothing printed for so long.
    pub quiet: Option<Duration>,
    /// How long at most.
    pub limit: Duration,
}

/// What did not happen in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    Text,
    Quiet,
    /// The program ended before the text appeared.
    Ended,
}

impl Terminals {
    /// The screen, once what is waited for has happened.
    ///
    /// # Errors
    /// When the agent has no terminal or tmux fails.
    pub async fn wait(
        &self,
        agent: &AgentId,
        wait: &Wait,
        format: ScreenFormat,
    ) -> Result<Result<Screen, Missed>, TerminalError> {
        let deadline = Instant::now() + wait.limit;
        // Both before the first look, so that nothing falls between.
        let ends = self.events();
        let mut stream = Stream {
            agent,
            viewer: self.live(agent, None)?,
            parsed: 0,
            ends,
        };
        let mut seen = None;
        if let Some(until) = &wait.until {
            seen = match self.shows(agent, until, &mut stream, deadline).await? {
                Ok(screen) => Some(screen),
                Err(missed) => return Ok(Err(missed)),
            };
        }
        if let Some(quiet) = wait.quiet
            && !stream.rests(quiet, deadline).await
        {
            return Ok(Err(Missed::Quiet));
        }
        let screen = self.screen(agent, format).await?;
        // What was seen may be gone again; then it is what was waited for.
        let gone = matches!((&wait.until, &seen), (Some(until), Some(_))
            if wait.quiet.is_none() && format == ScreenFormat::Text && !until.is_match(&screen.text));
        Ok(Ok(seen.filter(|_| gone).unwrap_or(screen)))
    }

    async fn shows(
        &self,
        agent: &AgentId,
        until: &Regex,
        stream: &mut Stream<'_>,
        deadline: Instant,
    ) -> Result<Result<Screen, Missed>, TerminalError> {
        loop {
            let screen = self.screen_now(agent, ScreenFormat::Text).await?;
            if until.is_match(&screen.text) {
                return Ok(Ok(screen));
            }
            if self.state(agent).is_none_or(|state| state.dead) {
                // Its last words may have come since the look.
                let last = self.screen_now(agent, ScreenFormat::Text).await?;
                let shows = until.is_match(&last.text);
                return Ok(if shows { Ok(last) } else { Err(Missed::Ended) });
            }
            let next_look = Instant::now() + LOOK;
            if timeout_at(deadline, stream.change()).await.is_err() {
                // A last look, so that no timing of ours hides what is there.
                let last = self.screen_now(agent, ScreenFormat::Text).await?;
                let shows = until.is_match(&last.text);
                return Ok(if shows { Ok(last) } else { Err(Missed::Text) });
            }
            sleep_until(next_look.min(deadline)).await;
        }
    }
}

/// Tells when a terminal changes.
struct Stream<'a> {
    agent: &'a AgentId,
    viewer: LiveViewer,
    parsed: u64,
    ends: broadcast::Receiver<TerminalEvent>,
}

impl Stream<'_> {
    /// Returns when something was printed, or the program or its terminal ended.
    async fn change(&mut self) {
        loop {
            tokio::select! {
                chunk = self.viewer.next() => return self.parse(&chunk),
                event = self.ends.recv() => match event {
                    Ok(TerminalEvent::Died { agent, .. }) if agent == *self.agent => return,
                    Ok(TerminalEvent::ServerLost { .. }) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                },
            }
        }
    }

    /// Whatever comes is taken at once: this viewer is never behind.
    fn parse(&mut self, chunk: &LiveChunk) {
        self.parsed += match chunk {
            LiveChunk::Output { bytes, .. } => bytes.len() as u64,
            LiveChunk::Snapshot { parts, .. } => parts.iter().map(|part| part.len() as u64).sum(),
            _ => 0,
        };
        if let Err(error) = self.viewer.acks().acknowledge(self.parsed) {
            tracing::debug!(%error, "a waiting viewer counted wrong");
        }
    }

    /// True once nothing was printed for `quiet`; false when that did not happen in time.
    async fn rests(&mut self, quiet: Duration, deadline: Instant) -> bool {
        loop {
            let rest = Instant::now() + quiet;
            match timeout_at(rest.min(deadline), self.printed()).await {
                Err(_) => return rest <= deadline,
                Ok(true) if Instant::now() < deadline => {}
                Ok(true) => return false,
                // It ended: nothing will be printed any more.
                Ok(false) => return true,
            }
        }
    }

    /// Waits for output of the program, which the first screen and drawing anew are not;
    /// false when its terminal ended.
    async fn printed(&mut self) -> bool {
        loop {
            let chunk = self.viewer.next().await;
            self.parse(&chunk);
            match chunk {
                LiveChunk::Output { .. } | LiveChunk::Gap { .. } => return true,
                LiveChunk::Ended => return false,
                LiveChunk::Snapshot { .. } | LiveChunk::Hash { .. } | LiveChunk::Heal { .. } => {}
            }
        }
    }
}
