//! One control client: its pipes, its decoder and its unanswered requests.

use crate::{
    codec::{
        decode::{Block, Decoder, Event, is_notification},
        section::Section,
    },
    command::{Script, say},
    error::Error,
    launch::{Launcher, Role},
    nonce::nonce,
    spawner::{self, ControlChild},
};
use bytes::{Buf, Bytes, BytesMut};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{ChildStdin, ChildStdout},
};

/// How long tmux may take to greet a new client.
const GREETING: Duration = Duration::from_secs(10);

/// How long it may take to let one go.
const FAREWELL: Duration = Duration::from_secs(1);

/// Room for one read.
const READ: usize = 32 * 1024;

/// A request as it goes out, and how its reply is told from what follows.
#[derive(Debug)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    expect: Expect,
}

#[derive(Debug)]
enum Expect {
    /// So many blocks, fewer if one is an error.
    Blocks(usize),
    /// Everything up to this word.
    Fence(String),
}

impl Request {
    /// For replies that no pane can write into.
    pub(crate) fn plain(script: &Script) -> Self {
        let mut bytes = script.as_bytes().to_vec();
        bytes.push(b'\n');
        Self {
            bytes,
            expect: Expect::Blocks(script.commands()),
        }
    }

    /// For replies that carry text of panes. The fence is a line of its own, so
    /// that it comes even if the script fails.
    pub(crate) fn fenced(script: &Script) -> Self {
        let word = nonce();
        let mut bytes = script.as_bytes().to_vec();
        bytes.push(b'\n');
        bytes.extend_from_slice(Script::new(&say(&word)).as_bytes());
        bytes.push(b'\n');
        Self {
            bytes,
            expect: Expect::Fence(word),
        }
    }
}

/// A reply, in the form its request asked for.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The lines of each command.
    Blocks(Vec<Vec<Bytes>>),
    /// All that came before the fence.
    Section(Section),
}

/// What [`Wire::turn`] brings.
#[derive(Debug)]
pub(crate) enum Turn<T> {
    /// The reply to the request that was sent with this tag.
    Answered(T, Result<Answer, Error>),
    /// Something else; never a block.
    Event(Event),
}

struct Pending<T> {
    expect: Expect,
    blocks: Vec<Vec<Bytes>>,
    tag: T,
}

/// The connection itself; `T` is what the owner wants back with each reply.
pub(crate) struct Wire<T> {
    /// Before the pipes, because it has to go before they close.
    child: ControlChild,
    stdin: ChildStdin,
    stdout: ChildStdout,
    decoder: Decoder,
    outgoing: BytesMut,
    pending: VecDeque<Pending<T>>,
}

impl<T: Send + 'static> Wire<T> {
    /// Attaches in this role and waits for the greeting.
    ///
    /// This goes on in a task of its own even if the caller gives up: before
    /// 3.7 the server dies of a client that leaves in the middle of it.
    pub(crate) async fn attach(launcher: &Arc<Launcher>, role: Role) -> Result<Self, Error> {
        let launcher = launcher.clone();
        let attaching = spawner::task(async move {
            let _quiet = launcher.quiet.to_attach().await;
            let (child, stdin, stdout) = launcher.attach(role).await?;
            let mut wire = Self {
                child,
                stdin,
                stdout,
                decoder: Decoder::default(),
                outgoing: BytesMut::new(),
                pending: VecDeque::new(),
            };
            wire.greeted().await?;
            Ok(wire)
        });
        let attached = tokio::time::timeout(GREETING, attaching)
            .await
            .map_err(|_| Error::Timeout)?;
        attached.map_err(|_| Error::Disconnected)?
    }

    /// The first block belongs to the attaching itself.
    async fn greeted(&mut self) -> Result<(), Error> {
        loop {
            match self.decoder.next(None)? {
                Some(Event::Block(block)) if block.ok => return Ok(()),
                Some(Event::Block(block)) => return Err(refusal(&block)),
                Some(Event::Exit(_)) => return Err(Error::Disconnected),
                Some(_) => {}
                None => self.read_or_write().await?,
            }
        }
    }

    /// Queues a request; it goes out while [`Self::turn`] is polled.
    pub(crate) fn send(&mut self, request: Request, tag: T) {
        self.outgoing.extend_from_slice(&request.bytes);
        self.pending.push_back(Pending {
            expect: request.expect,
            blocks: Vec::new(),
            tag,
        });
    }

    /// Requests without a reply.
    pub(crate) fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// Bytes that tmux has not taken yet.
    pub(crate) fn backlog(&self) -> usize {
        self.outgoing.len()
    }

    /// Reads and writes until something comes. An error ends the connection.
    /// Nothing is lost if the future is dropped.
    pub(crate) async fn turn(&mut self) -> Result<Turn<T>, Error> {
        loop {
            if let Some(turn) = self.decoded()? {
                return Ok(turn);
            }
            self.read_or_write().await?;
        }
    }

    /// What can be had from the bytes that are here already.
    pub(crate) fn decoded(&mut self) -> Result<Option<Turn<T>>, Error> {
        loop {
            let fence = match self.pending.front().map(|pending| &pending.expect) {
                Some(Expect::Fence(word)) => Some(word.as_str()),
                _ => None,
            };
            match self.decoder.next(fence)? {
                Some(Event::Block(block)) => {
                    if let Some(turn) = self.block(block) {
                        return Ok(Some(turn));
                    }
                }
                Some(Event::Section(section)) => {
                    let pending = self.pending.pop_front().ok_or(Error::Disconnected)?;
                    return Ok(Some(Turn::Answered(
                        pending.tag,
                        Ok(Answer::Section(section)),
                    )));
                }
                Some(event) => return Ok(Some(Turn::Event(event))),
                None => return Ok(None),
            }
        }
    }

    /// Leaves the server: when this returns, it knows no such client any more.
    ///
    /// The child is killed while its pipes stay open. A client that says goodbye,
    /// or whose input ends first, is marked as leaving; output that still waits
    /// for it then makes the server give up with "not enough data" (3.3a).
    pub(crate) async fn detach(mut self, launcher: &Launcher) {
        let _quiet = launcher.quiet.to_detach().await;
        self.child.kill();
        let last_words = async {
            while self.read().await.is_ok() {
                self.decoder.clear();
            }
        };
        if tokio::time::timeout(FAREWELL, last_words).await.is_err() {
            tracing::debug!("the tmux server is slow to let a client go");
        }
    }

    /// Files a block under the oldest request; the last one completes it.
    fn block(&mut self, block: Block) -> Option<Turn<T>> {
        if !block.ours {
            return None;
        }
        let pending = self.pending.front_mut()?;
        let failure = (!block.ok).then(|| refusal(&block));
        let mut lines = block.lines;
        lines.retain(|line| !is_notification(line));
        pending.blocks.push(lines);
        let complete = matches!(pending.expect, Expect::Blocks(n) if pending.blocks.len() >= n);
        if failure.is_none() && !complete {
            return None;
        }
        let pending = self.pending.pop_front()?;
        let answer = failure.map_or(Ok(Answer::Blocks(pending.blocks)), Err);
        Some(Turn::Answered(pending.tag, answer))
    }

    /// One step of input or output; safe to drop.
    pub(crate) async fn read_or_write(&mut self) -> Result<(), Error> {
        if self.outgoing.is_empty() {
            return self.read().await;
        }
        let buffer = self.decoder.buffer();
        buffer.reserve(READ);
        tokio::select! {
            read = self.stdout.read_buf(buffer) => some(&read),
            written = self.stdin.write(&self.outgoing) => {
                self.outgoing.advance(written.map_err(|_| Error::Disconnected)?);
                Ok(())
            }
        }
    }

    async fn read(&mut self) -> Result<(), Error> {
        let buffer = self.decoder.buffer();
        buffer.reserve(READ);
        some(&self.stdout.read_buf(buffer).await)
    }
}

/// Nothing read is the end.
fn some(read: &std::io::Result<usize>) -> Result<(), Error> {
    match read {
        Ok(1..) => Ok(()),
        _ => Err(Error::Disconnected),
    }
}

fn refusal(block: &Block) -> Error {
    let text = block
        .lines
        .first()
        .map(|line| String::from_utf8_lossy(line).into_owned());
    Error::refused(&text.unwrap_or_default())
}
