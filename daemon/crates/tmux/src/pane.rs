//! All panes at a glance, and their size.
//!
//! The list is one command for the whole server. Titles and process names come
//! from programs and may contain anything, so fields of text stand between
//! words that are random in each call.

use crate::{
    client::{Lane, Link},
    codec::section::Rows,
    command::{self, Script},
    error::Error,
    ids::{PaneId, SessionId},
    launch::{HUB, STAGE},
    nonce::nonce,
    process,
    server::TmuxServer,
    session::Size,
};
use bytes::Bytes;
use nix::sys::signal::Signal;

/// One pane as tmux sees it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaneInfo {
    /// The session it is in.
    pub session_id: SessionId,
    /// That session's name.
    pub session_name: String,
    /// The pane.
    pub pane_id: PaneId,
    /// The process that was started in it; it may be dead.
    pub pid: i32,
    /// How it ended, if it did and tmux has learned how.
    pub dead: Option<Dead>,
    /// Nobody holds the terminal any more. Mostly the process is dead, and
    /// `dead` follows within moments; but it may have let go and run on.
    pub closed: bool,
    /// The screen.
    pub size: Size,
    /// Column and row of the cursor; the column equals the width when the next
    /// character wraps.
    pub cursor: (u16, u16),
    /// A full-screen program is on its alternate screen.
    pub alternate: bool,
    /// Lines above the screen.
    pub history_size: u32,
    /// Unix second of the last output.
    pub window_activity: u64,
    /// Somebody reads back in copy mode.
    pub in_mode: bool,
    /// The name of the process in the foreground.
    pub current_command: String,
    /// What the program set as its title.
    pub title: String,
    /// The session's `@orc_id`, if it has one.
    pub orc_id: Option<String>,
    /// The session's `@orc_title`, if it has one.
    pub orc_title: Option<String>,
}

/// The end of a pane's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dead {
    /// Its exit code, unless a signal ended it.
    pub status: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Unix second of the end; tmux before 3.3 does not say.
    pub time: Option<u64>,
}

impl TmuxServer {
    /// All panes except that of the hub. An empty list is a fact, not a failure.
    pub async fn list_panes(&self) -> Result<Vec<PaneInfo>, Error> {
        let panes = self.list_once().await?;
        // tmux (3.3a, one exit in a hundred) overlooks that a child has ended
        // and leaves a zombie without a status, until it is told again.
        let overlooked = panes
            .iter()
            .any(|pane| pane.closed && pane.dead.is_none() && process::is_zombie(pane.pid));
        let link = *self.client.link().borrow();
        match link {
            Link::Connected { server } if overlooked => {
                server.signal(Signal::SIGCHLD);
                self.list_once().await
            }
            _ => Ok(panes),
        }
    }

    async fn list_once(&self) -> Result<Vec<PaneInfo>, Error> {
        let mark = nonce();
        let script = Script::new(&command::list_panes(&format(&mark)));
        let mut section = self.client.section(Lane::Lifecycle, &script).await?;
        let lines = section.block(Rows::Remaining)?;
        let told = self.launcher.version.tells_signals();
        let all = parse(&lines, &mark, told);
        let (staged, mut panes): (Vec<_>, Vec<_>) = all
            .into_iter()
            .filter(|pane| pane.session_name != HUB)
            .partition(|pane| pane.session_name == STAGE);
        // In the stage and nowhere else: its session was taken away under a reading.
        let stray = |pane: &&PaneInfo| panes.iter().all(|other| other.pane_id != pane.pane_id);
        let strays: Vec<PaneId> = staged
            .iter()
            .filter(stray)
            .map(|pane| pane.pane_id)
            .collect();
        for pane in strays {
            self.end_stray(pane).await?;
        }
        panes.dedup_by_key(|pane| pane.pane_id);
        Ok(panes)
    }

    async fn end_stray(&self, pane: PaneId) -> Result<(), Error> {
        let script = Script::new(&command::end_stray(pane));
        match self.client.blocks(Lane::Lifecycle, &script).await {
            Ok(_) | Err(Error::NotFound) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sets the size of a pane and says which one it got. The size then stays,
    /// whoever attaches. Sizes beyond reason are clamped.
    pub async fn resize(&self, pane: PaneId, size: Size) -> Result<Size, Error> {
        let size = size.clamped();
        let script = Script::new(&command::resize(pane, size.cols, size.rows));
        self.client.blocks(Lane::Input, &script).await?;
        Ok(size)
    }

    /// Whether the pane exists.
    pub async fn pane_exists(&self, pane: PaneId) -> Result<bool, Error> {
        // Asking for one field of a missing pane succeeds with nothing in it.
        let script = Script::new(&command::display(pane, "#{pane_id}"));
        let blocks = self.client.blocks(Lane::Lifecycle, &script).await?;
        Ok(blocks
            .first()
            .and_then(|lines| lines.first())
            .is_some_and(|line| line == pane.to_string().as_bytes()))
    }
}

const NUMBERS: &str = "#{session_id}:#{pane_id}:#{pane_pid}:#{pane_dead}:#{pane_dead_status}:#{pane_dead_signal}:\
    #{pane_dead_time}:#{pane_width}:#{pane_height}:#{cursor_x}:#{cursor_y}:#{alternate_on}:#{history_size}:\
    #{window_activity}:#{pane_in_mode}";
const TEXTS: [&str; 5] = [
    "#{session_name}",
    "#{pane_current_command}",
    "#{pane_title}",
    "#{@orc_id}",
    "#{@orc_title}",
];

fn format(mark: &str) -> String {
    // The mark at both ends tells a record from a line inside of a text.
    let texts: String = TEXTS.iter().map(|text| format!("{text}{mark}")).collect();
    format!("{mark}{NUMBERS}{mark}{texts}")
}

/// Records begin with the mark; what does not begins in the middle of a text.
fn parse(lines: &[Bytes], mark: &str, tells_signals: bool) -> Vec<PaneInfo> {
    let text = lines
        .iter()
        .map(|line| String::from_utf8_lossy(line))
        .collect::<Vec<_>>()
        .join("\n");
    let fields: Vec<&str> = text.split(mark).collect();
    // Each record has one empty or newline field before it, then its own.
    fields
        .chunks(TEXTS.len() + 2)
        .filter_map(|record| parse_record(record.get(1..)?, tells_signals))
        .collect()
}

fn parse_record(fields: &[&str], tells_signals: bool) -> Option<PaneInfo> {
    let [
        numbers,
        session_name,
        current_command,
        title,
        orc_id,
        orc_title,
    ] = fields
    else {
        return None;
    };
    let mut numbers = numbers.split(':');
    let mut next = || numbers.next();
    let some = |text: &&str| (!text.is_empty()).then(|| (*text).to_owned());
    let session_id = next()?.parse().ok()?;
    let pane_id = next()?.parse().ok()?;
    let pid = next()?.parse().ok()?;
    let closed = next()? == "1";
    let dead = Dead {
        status: next()?.parse().ok(),
        signal: next()?.parse().ok(),
        time: next()?.parse().ok(),
    };
    let known = dead.status.is_some() || dead.signal.is_some() || !tells_signals;
    Some(PaneInfo {
        session_id,
        pane_id,
        pid,
        dead: (closed && known).then_some(dead),
        closed,
        size: Size {
            cols: next()?.parse().ok()?,
            rows: next()?.parse().ok()?,
        },
        cursor: (next()?.parse().ok()?, next()?.parse().ok()?),
        alternate: next()? == "1",
        history_size: next()?.parse().ok()?,
        window_activity: next()?.parse().ok()?,
        in_mode: next()? != "0",
        session_name: (*session_name).to_owned(),
        current_command: (*current_command).to_owned(),
        title: (*title).to_owned(),
        orc_id: some(orc_id),
        orc_title: some(orc_title),
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use bytes::Bytes;
    use proptest::prelude::*;

    #[test]
    fn the_dead_and_the_living() {
        let lines = [
            "M$1:%2:300:0::::80:24:80:3:1:50:1700:1Msess-aMtopMa titleMidMM",
            "M$2:%3:301:1:7::1701:80:24:0:0:0:0:1701:0Msess-bM:1:MMMM",
            "M$9:%9:309:1::::80:24:0:0:0:0:1701:0Msess-xMMMMM",
            "M$3:%4:302:1::9:1702:80:24:0:0:0:0:1701:0Msess-cMMMMM",
        ]
        .map(Bytes::from);
        let panes = parse(&lines, "M", true);
        assert_eq!(panes.len(), 4);
        assert_eq!(panes[0].dead, None);
        assert_eq!(
            (panes[0].cursor, panes[0].alternate, panes[0].in_mode),
            ((80, 3), true, true)
        );
        assert_eq!(
            (panes[0].orc_id.as_deref(), panes[0].orc_title.as_deref()),
            (Some("id"), None)
        );
        assert_eq!(panes[1].dead.unwrap().status, Some(7));
        assert_eq!(panes[1].current_command, ":1:");
        assert!(panes[2].closed && panes[2].dead.is_none());
        assert!(parse(&lines, "M", false)[2].dead.is_some());
        assert_eq!(
            (panes[3].dead.unwrap().status, panes[3].dead.unwrap().signal),
            (None, Some(9))
        );
    }

    proptest! {
        /// Any title, with newlines and record look-alikes, stays in its field.
        #[test]
        fn titles_cannot_forge(title in "[a-z:$%\n]{0,20}(\n\\$9:%9:1:0::::80:24:0:0:0:0:1:0)?", other in "[\\s:]{0,5}") {
            let text = format!(
                "MARK$1:%2:3:0::::80:24:0:0:0:0:1:0MARKsess-aMARK{other}MARK{title}MARKidMARK{title}MARK\n\
                 MARK$2:%3:4:0::::80:24:0:0:0:0:1:0MARKsess-bMARKshMARKMARKMARKMARK"
            );
            let lines: Vec<Bytes> = text.split('\n').map(|l| Bytes::copy_from_slice(l.as_bytes())).collect();
            let panes = parse(&lines, "MARK", true);
            prop_assert_eq!(panes.len(), 2);
            prop_assert_eq!(&panes[0].title, &title);
            prop_assert_eq!(panes[0].orc_title.clone().unwrap_or_default(), title);
            prop_assert_eq!(&panes[1].session_name, "sess-b");
        }
    }
}
