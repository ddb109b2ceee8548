//! `orchestra status --watch`: the table, drawn anew over the feed whenever something
//! changed, and each second for the ages. Only a frame that differs is written, in one
//! piece and over the last one, so nothing flickers.

use super::client::Client;
use super::client::socket::Socket;
use super::failure::Failure;
use super::status::Board;
use super::{output, tty};
use futures_util::{SinkExt, StreamExt};
use orchestra_protocol::socket::{ClientMessage, ServerMessage};
use std::io::IsTerminal;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// Changes that come together are drawn together.
const GATHER: Duration = Duration::from_millis(100);
/// Ages grow.
const TICK: Duration = Duration::from_secs(1);
/// How long a restart of the daemon may take.
const AWAY: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_secs(1);
/// The other screen, without cursor, and lines that are cut where they end.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE: &[u8] = b"\x1b[?7h\x1b[?25h\x1b[?1049l";

/// Why a connection is left.
enum Left {
    /// The person asked for it.
    Done,
    Broken,
}

/// What the system says.
struct Signals {
    ends: [Signal; 3],
    resized: Signal,
}

/// Where the frames go.
struct View {
    all: bool,
    json: bool,
    /// A terminal that is drawn over.
    screen: bool,
    last: String,
    /// Keys that are pressed meanwhile do not show.
    _silent: Option<tty::Silent>,
}

/// Follows until Ctrl-C, or until the daemon stays away.
pub(super) async fn run(client: &Client, all: bool, json: bool) -> Result<(), Failure> {
    // Opened first, so that a refusal is printed on an untouched terminal.
    let mut socket = client.socket().await?;
    let watch =
        |kind| signal(kind).map_err(|error| Failure::local("cannot watch for signals", &error));
    let mut signals = Signals {
        ends: [
            watch(SignalKind::interrupt())?,
            watch(SignalKind::terminate())?,
            watch(SignalKind::hangup())?,
        ],
        resized: watch(SignalKind::window_change())?,
    };
    let mut view = View::new(all, json);
    loop {
        match follow(client, &mut socket, &mut view, &mut signals).await? {
            Left::Done => return Ok(()),
            Left::Broken => match reconnect(client, &mut view, &mut signals).await? {
                Some(fresh) => socket = fresh,
                None => return Ok(()),
            },
        }
    }
}

/// One connection: the lists once, then every change.
async fn follow(
    client: &Client,
    socket: &mut Socket,
    view: &mut View,
    signals: &mut Signals,
) -> Result<Left, Failure> {
    // The feed runs from the socket's first word on, so nothing falls before the lists.
    let mut board = match Board::read(client).await {
        Err(Failure::Unreachable(_)) => return Ok(Left::Broken),
        board => board?,
    };
    let mut tick = tokio::time::interval(TICK);
    let mut due: Option<Instant> = None;
    loop {
        let at = due.unwrap_or_else(Instant::now);
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    match heard(client, socket, &mut board, &text).await {
                        Ok(true) => due = Some(due.unwrap_or_else(|| Instant::now() + GATHER)),
                        Ok(false) => {}
                        Err(Failure::Unreachable(_)) => return Ok(Left::Broken),
                        Err(failure) => return Err(failure),
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(Left::Broken),
                Some(Ok(_)) => {}
            },
            () = tokio::time::sleep_until(at), if due.is_some() => {
                due = None;
                view.draw(&board);
            }
            _ = tick.tick() => view.tick(&board),
            ended = signals.next() => match ended {
                true => return Ok(Left::Done),
                false => view.redraw(&board),
            },
        }
    }
}

/// Takes one message; true when something to be seen changed.
async fn heard(
    client: &Client,
    socket: &mut Socket,
    board: &mut Board,
    text: &str,
) -> Result<bool, Failure> {
    // A message that this version does not know says nothing to it.
    let Ok(message) = serde_json::from_str::<ServerMessage>(text) else {
        return Ok(false);
    };
    match message {
        ServerMessage::AgentUpdate { agent, .. } => {
            match board.agents.iter_mut().find(|known| known.id == agent.id) {
                Some(known) => *known = *agent,
                None => board.agents.insert(0, *agent),
            }
        }
        ServerMessage::TaskUpdate {
            task_id, status, ..
        } => {
            board.tasks.insert(task_id, status);
        }
        ServerMessage::Resync { .. } => *board = Board::read(client).await?,
        ServerMessage::AuthExpiring { .. } => {
            let ticket = client.ticket().await?;
            let renew = serde_json::to_string(&ClientMessage::Renew { ticket });
            let renew = Message::text(renew.unwrap_or_default());
            socket
                .send(renew)
                .await
                .map_err(|error| Failure::Unreachable(format!("the connection broke: {error}")))?;
            return Ok(false);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Tries until the daemon is there again; none when the person does not want to wait.
async fn reconnect(
    client: &Client,
    view: &mut View,
    signals: &mut Signals,
) -> Result<Option<Socket>, Failure> {
    let since = Instant::now();
    loop {
        view.gone(since.elapsed());
        tokio::select! {
            () = tokio::time::sleep(RETRY) => {}
            ended = signals.next() => {
                if ended {
                    return Ok(None);
                }
            }
        }
        match client.socket().await {
            Err(Failure::Unreachable(_)) if since.elapsed() < AWAY => {}
            opened => return opened.map(Some),
        }
    }
}

impl Signals {
    /// True when the process is asked to end, false when the window has another size.
    async fn next(&mut self) -> bool {
        let [interrupt, terminate, hangup] = &mut self.ends;
        tokio::select! {
            _ = interrupt.recv() => true,
            _ = terminate.recv() => true,
            _ = hangup.recv() => true,
            _ = self.resized.recv() => false,
        }
    }
}

impl View {
    fn new(all: bool, json: bool) -> Self {
        let screen = !json && std::io::stdout().is_terminal();
        if screen {
            output::raw(ENTER);
        }
        Self {
            all,
            json,
            screen,
            last: String::new(),
            _silent: screen.then(tty::Silent::enter).flatten(),
        }
    }

    /// Draws what is not drawn already.
    fn draw(&mut self, board: &Board) {
        let frame = if self.json {
            format!("{}\n", board.json(self.all))
        } else {
            let colours = self.screen && output::colours();
            board.text(self.all, tty::width(), colours)
        };
        self.show(frame);
    }

    /// Draws the ages; for a file they alone are no news.
    fn tick(&mut self, board: &Board) {
        if self.screen || self.last.is_empty() {
            self.draw(board);
        }
    }

    fn redraw(&mut self, board: &Board) {
        self.last.clear();
        self.draw(board);
    }

    /// Says under the last frame that the daemon is away.
    fn gone(&mut self, since: Duration) {
        if self.screen {
            let frame = self.last.clone();
            let notice = format!("no connection for {} s, trying again", since.as_secs());
            over(&frame, &notice);
        }
    }

    fn show(&mut self, frame: String) {
        if frame == self.last {
            return;
        }
        if self.screen {
            over(&frame, "");
        } else {
            let blank = if self.json || self.last.is_empty() {
                ""
            } else {
                "\n"
            };
            output::text(&format!("{blank}{frame}"));
        }
        self.last = frame;
    }
}

impl Drop for View {
    fn drop(&mut self) {
        if self.screen {
            output::raw(LEAVE);
            // What was seen last stays.
            output::text(&self.last);
        }
    }
}

/// Writes a frame over the one before, in one piece.
fn over(frame: &str, notice: &str) {
    let room = tty::height().unwrap_or(usize::MAX).saturating_sub(2);
    let lines: Vec<&str> = frame.lines().collect();
    let mut out = String::from("\x1b[?2026h\x1b[H");
    for line in lines.iter().take(room) {
        out.push_str(&format!("{line}\x1b[0m\x1b[K\r\n"));
    }
    let hidden = lines.len().saturating_sub(room);
    let last = match (notice, hidden) {
        ("", 0) => "Ctrl-C ends".to_owned(),
        ("", hidden) => format!("{hidden} lines more; Ctrl-C ends"),
        (notice, _) => notice.to_owned(),
    };
    out.push_str(&format!(
        "\x1b[K\r\n\x1b[2m{last}\x1b[0m\x1b[K\x1b[J\x1b[?2026l"
    ));
    output::raw(out.as_bytes());
}
