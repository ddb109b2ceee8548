//! The task that owns the live connection and all readings on it.

use super::{
    Ask, Open, ReadingId,
    reading::{Reading, Taken, Want},
};
use crate::{
    capture::Way,
    codec::{decode::Event, section::Rows},
    command::{self, Script},
    error::Error,
    ids::{PaneId, SessionId, WindowId},
    launch::{Launcher, Role},
    snapshot,
    wire::{Answer, Request, Turn, Wire},
};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::{mpsc, oneshot};

/// Which request a reply belongs to.
enum Tag {
    Link(ReadingId, PaneId),
    Snapshot(ReadingId, Taken),
    /// Paused to take a snapshot in silence.
    Silence(ReadingId),
    /// tmux says `%pause` inside of this reply, where it is no event.
    Pause(ReadingId),
    Resume,
    Unlink(Option<oneshot::Sender<()>>),
}

/// One step of input or output; never, without a connection.
async fn step(wire: &mut Option<Wire<Tag>>) -> Result<(), Error> {
    match wire {
        Some(wire) => wire.read_or_write().await,
        None => std::future::pending().await,
    }
}

/// Takes a window off the stage. What was printed for it is paused first: tmux would
/// otherwise keep it for a client that never gets it.
fn off_stage(pane: PaneId, window: WindowId) -> Script {
    Script::new(&command::flow(pane, false)).then(&command::unlink_from_stage(window))
}

/// The task and its state.
pub(super) struct Keeper {
    launcher: Arc<Launcher>,
    way: Way,
    wire: Option<Wire<Tag>>,
    readings: HashMap<ReadingId, Reading>,
    by_pane: HashMap<PaneId, ReadingId>,
    /// Readings with gathered output.
    touched: Vec<ReadingId>,
    /// Whose output came last.
    last: Option<PaneId>,
}

impl Keeper {
    pub(super) fn new(launcher: Arc<Launcher>, way: Way) -> Self {
        Self {
            launcher,
            way,
            wire: None,
            readings: HashMap::new(),
            by_pane: HashMap::new(),
            touched: Vec::new(),
            last: None,
        }
    }

    pub(super) async fn run(mut self, mut inbox: mpsc::Receiver<Ask>) {
        loop {
            let alive = tokio::select! {
                io = step(&mut self.wire) => io.and_then(|()| self.drain()),
                ask = inbox.recv() => match ask {
                    Some(ask) => {
                        self.obey(ask).await;
                        Ok(())
                    }
                    None => break,
                },
            };
            if let Err(error) = alive {
                self.lost(&error);
            }
        }
        if let Some(wire) = self.wire.take() {
            wire.detach(&self.launcher).await;
        }
    }

    /// The connection is gone and with it every reading.
    fn lost(&mut self, error: &Error) {
        if self.wire.take().is_some() {
            tracing::info!(%error, readings = self.readings.len(), "the live connection to tmux ended");
        }
        self.by_pane.clear();
        self.touched.clear();
        for (_, reading) in self.readings.drain() {
            reading.exit();
        }
    }

    async fn connect(&mut self) -> Result<(), Error> {
        if self.wire.is_none() {
            self.launcher.ensure_stage().await?;
            self.wire = Some(Wire::attach(&self.launcher, Role::Live).await?);
        }
        Ok(())
    }

    async fn obey(&mut self, ask: Ask) {
        match ask {
            Ask::Connect(reply) => {
                let _ = reply.send(self.connect().await);
            }
            Ask::Open(open) => self.open(*open).await,
            Ask::Snapshot(id) => self.ask_snapshot(id),
            Ask::Pause(id) => {
                if let Some(reading) = self.readings.get_mut(&id) {
                    reading.held = true;
                    let stop = Script::new(&command::flow(reading.pane, false));
                    self.send(&stop, Tag::Pause(id));
                }
            }
            Ask::Resume(id) => {
                if let Some(reading) = self.readings.get_mut(&id) {
                    reading.held = false;
                    reading.cut();
                    self.go_on(id);
                }
            }
            Ask::Close(id, done) => self.close(id, done),
            Ask::CloseSession(session, done) => self.close_session(session, done),
        }
    }

    async fn open(&mut self, open: Open) {
        if let Err(error) = self.connect().await {
            let _ = open.opened.send(Err(error));
            return;
        }
        let (id, pane) = (open.id, open.pane);
        if let Some(old) = self.by_pane.insert(pane, id) {
            self.close(old, None);
            self.by_pane.insert(pane, id);
        }
        self.readings.insert(id, Reading::new(open));
        let link = Script::new(&command::display(pane, "#{window_id}"))
            .then(&command::link_to_stage(pane))
            .then(&command::flow(pane, true));
        self.send(&link, Tag::Link(id, pane));
        self.ask_snapshot(id);
    }

    fn close(&mut self, id: ReadingId, done: Option<oneshot::Sender<()>>) {
        let Some(reading) = self.readings.remove(&id) else {
            return;
        };
        if self.by_pane.get(&reading.pane) == Some(&id) {
            self.by_pane.remove(&reading.pane);
        }
        if let Some(window) = reading.window {
            self.send(&off_stage(reading.pane, window), Tag::Unlink(done));
        }
        reading.exit();
    }

    fn close_session(&mut self, session: SessionId, done: oneshot::Sender<()>) {
        let of_session =
            |(id, reading): (&ReadingId, &Reading)| (reading.session == session).then_some(*id);
        let mut done = Some(done);
        for id in self
            .readings
            .iter()
            .filter_map(of_session)
            .collect::<Vec<_>>()
        {
            self.close(id, done.take());
        }
    }

    fn send(&mut self, script: &Script, tag: Tag) {
        if let Some(wire) = &mut self.wire {
            wire.send(Request::plain(script), tag);
        }
    }

    fn ask_snapshot(&mut self, id: ReadingId) {
        let (Some(reading), Some(wire)) = (self.readings.get_mut(&id), &mut self.wire) else {
            return;
        };
        if !reading.may_ask() {
            return;
        }
        let script = snapshot::script(self.way, reading.pane);
        let (cut, pane) = (reading.hot(), reading.pane);
        let script = if cut {
            // Within one line, so that nothing falls between screen and output.
            Script::new(&command::flow(pane, false))
                .then_all(&script)
                .then(&command::flow(pane, true))
        } else {
            script
        };
        let taken = Taken::Amid {
            cut,
            outputs: reading.outputs(),
        };
        wire.send(Request::fenced(&script), Tag::Snapshot(id, taken));
    }

    /// Stops a pane's output, to read its screen once nothing of it is on the way.
    fn silence(&mut self, id: ReadingId) {
        if let Some(pane) = self.readings.get(&id).map(|reading| reading.pane) {
            self.send(&Script::new(&command::flow(pane, false)), Tag::Silence(id));
        }
    }

    /// All that comes of this pane from here on belongs behind the screen.
    fn silent(&mut self, id: ReadingId) {
        let (Some(reading), Some(wire)) = (self.readings.get_mut(&id), &mut self.wire) else {
            return;
        };
        reading.silent();
        let script = snapshot::script(self.way, reading.pane);
        let script = if reading.held {
            script
        } else {
            script.then(&command::flow(reading.pane, true))
        };
        wire.send(
            Request::fenced(&script),
            Tag::Snapshot(id, Taken::InSilence),
        );
    }

    /// Lets output flow again, and reads the screen in the same instant.
    fn go_on(&mut self, id: ReadingId) {
        if let Some(pane) = self.readings.get(&id).map(|reading| reading.pane) {
            self.send(&Script::new(&command::flow(pane, true)), Tag::Resume);
            self.ask_snapshot(id);
        }
    }

    /// Deals with all that has been read.
    fn drain(&mut self) -> Result<(), Error> {
        while let Some(wire) = &mut self.wire {
            match wire.decoded()? {
                Some(Turn::Event(event)) => self.event(event)?,
                Some(Turn::Answered(tag, answer)) => self.answered(tag, answer)?,
                None => break,
            }
        }
        for id in self.touched.drain(..) {
            if let Some(reading) = self.readings.get_mut(&id) {
                reading.flush();
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Event) -> Result<(), Error> {
        match event {
            Event::Output(pane, data) => {
                self.last = Some(pane);
                let Some((id, reading)) = self.of_pane(pane) else {
                    return Ok(());
                };
                let want = reading.output(&data);
                if self.touched.last() != Some(&id) {
                    self.touched.push(id);
                }
                self.grant(id, want);
            }
            Event::Paused(pane) => {
                if let Some((id, reading)) = self.of_pane(pane) {
                    reading.paused();
                    if !reading.held {
                        self.go_on(id);
                    }
                }
            }
            Event::WindowClosed(window) => self.window_closed(window),
            Event::Exit(_) => return Err(Error::Disconnected),
            _ => {}
        }
        Ok(())
    }

    fn of_pane(&mut self, pane: PaneId) -> Option<(ReadingId, &mut Reading)> {
        let id = *self.by_pane.get(&pane)?;
        Some((id, self.readings.get_mut(&id)?))
    }

    fn window_closed(&mut self, window: WindowId) {
        let there =
            |(id, reading): (&ReadingId, &Reading)| (reading.window == Some(window)).then_some(*id);
        if let Some(id) = self.readings.iter().find_map(there) {
            self.end(id);
        }
    }

    /// Ends a reading whose window is gone or can no longer be read.
    fn end(&mut self, id: ReadingId) {
        if let Some(reading) = self.readings.remove(&id) {
            if self.by_pane.get(&reading.pane) == Some(&id) {
                self.by_pane.remove(&reading.pane);
            }
            reading.exit();
        }
    }

    fn answered(&mut self, tag: Tag, answer: Result<Answer, Error>) -> Result<(), Error> {
        match tag {
            Tag::Link(id, pane) => self.linked(id, pane, answer),
            Tag::Snapshot(id, taken) => return self.snapshot(id, taken, answer),
            Tag::Silence(id) => self.silent(id),
            Tag::Pause(id) => {
                if let Some(reading) = self.readings.get_mut(&id) {
                    reading.paused();
                }
            }
            Tag::Resume => {}
            Tag::Unlink(done) => {
                if let Some(done) = done {
                    let _ = done.send(());
                }
            }
        }
        Ok(())
    }

    fn linked(&mut self, id: ReadingId, pane: PaneId, answer: Result<Answer, Error>) {
        let window = answer.and_then(|answer| match answer {
            Answer::Blocks(blocks) => blocks
                .first()
                .and_then(|lines| std::str::from_utf8(lines.first()?).ok()?.parse().ok())
                .ok_or(Error::NotFound),
            Answer::Section(_) => Err(Error::Protocol("a fence nobody asked for".to_owned())),
        });
        match window {
            Ok(window) => match self.readings.get_mut(&id) {
                Some(reading) => reading.linked(window),
                // Closed before it was there.
                None => self.send(&off_stage(pane, window), Tag::Unlink(None)),
            },
            Err(error) => {
                if let Some(reading) = self.readings.remove(&id) {
                    self.by_pane.remove(&reading.pane);
                    reading.refuse(error);
                }
            }
        }
    }

    fn snapshot(
        &mut self,
        id: ReadingId,
        taken: Taken,
        answer: Result<Answer, Error>,
    ) -> Result<(), Error> {
        let Answer::Section(mut section) = answer? else {
            return Err(Error::Protocol("a snapshot without its fence".to_owned()));
        };
        if matches!(taken, Taken::Amid { cut: true, .. }) {
            section.block(Rows::Trusted)?;
        }
        let snapshot = snapshot::read(self.way, &mut section);
        let later = section.into_events();
        match snapshot {
            Ok(snapshot) => {
                if let Some(reading) = self.readings.get_mut(&id) {
                    let want = reading.taken(taken, self.last, snapshot);
                    // What it brought along from its silence.
                    self.touched.push(id);
                    self.grant(id, want);
                }
            }
            Err(error) => {
                tracing::debug!(%error, "a snapshot could not be read; its reading ends");
                self.close(id, None);
            }
        }
        later.into_iter().try_for_each(|event| self.event(event))
    }

    fn grant(&mut self, id: ReadingId, want: Want) {
        match want {
            Want::Nothing => {}
            Want::Snapshot => self.ask_snapshot(id),
            Want::Silence => self.silence(id),
        }
    }
}
