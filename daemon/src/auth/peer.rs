//! Who is at the other end of a connection. Of the Unix socket: a process of the owner,
//! and for some calls not one of our agents. At isolation level 0 this keeps honest
//! programs honest; a process of the same uid that means harm can step around it, which
//! SECURITY.md says.

use std::collections::HashSet;
use std::net::SocketAddr;

/// Deepest chain of parents looked at.
const MAX_DEPTH: usize = 128;

/// The peer of a Unix connection, as the kernel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnixPeer {
    pub pid: i32,
    pub uid: u32,
}

/// The other end of a request; the accept loop puts it into every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    Tcp(SocketAddr),
    Unix(UnixPeer),
    /// A request of our own on behalf of one that came in at `/mcp`.
    Inside(SocketAddr),
}

impl std::fmt::Display for Peer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) | Self::Inside(address) => write!(out, "{}", address.ip()),
            Self::Unix(peer) => write!(out, "unix:uid={},pid={}", peer.uid, peer.pid),
        }
    }
}

/// Why a local caller is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    #[error("only the user that runs the daemon may do this")]
    OtherUser,
    #[error("an agent may not do this; run it in a terminal of your own")]
    Agent,
    #[error("the calling process cannot be looked at")]
    Gone,
}

/// Refuses another user, a process below one of `panes`, and one whose line of parents
/// cannot be followed.
///
/// # Errors
/// Says which.
pub fn check_owner(peer: UnixPeer, panes: &HashSet<i32>) -> Result<(), PeerError> {
    if peer.uid != nix::unistd::geteuid().as_raw() {
        return Err(PeerError::OtherUser);
    }
    // It runs under our own uid, so that only one that hides cannot be read.
    if std::fs::read(format!("/proc/{}/environ", peer.pid)).is_err() {
        return Err(PeerError::Gone);
    }
    if !same_users(peer.pid) {
        return Err(PeerError::Agent);
    }
    let mut pid = peer.pid;
    for _ in 0..MAX_DEPTH {
        if panes.contains(&pid) || is_agent(pid) {
            return Err(PeerError::Agent);
        }
        pid = parent(pid).ok_or(PeerError::Gone)?;
        if pid <= 1 {
            return Ok(());
        }
    }
    Err(PeerError::Gone)
}

/// True outside of every mask: whatever else an agent sheds, it stays in the user
/// namespace that it was started in, or in one below.
fn same_users(pid: i32) -> bool {
    let of = |who: &str| std::fs::read_link(format!("/proc/{who}/ns/user")).ok();
    let own = of("self");
    own.is_none() || own == of(&pid.to_string())
}

/// True when the process was started with an agent's environment. One that cannot be
/// read belongs to somebody else, so it is no agent of ours.
fn is_agent(pid: i32) -> bool {
    let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environ
        .split(|byte| *byte == 0)
        .any(|entry| entry.starts_with(b"ORCHESTRA_AGENT_ID="))
}

/// The parent's pid; the command's name may hold spaces and brackets.
fn parent(pid: i32) -> Option<i32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};

    #[test]
    fn a_process_below_a_pane_is_an_agent_and_another_user_is_refused() {
        let uid = nix::unistd::geteuid().as_raw();
        let me = i32::try_from(std::process::id()).unwrap();
        let peer = UnixPeer { pid: me, uid };
        assert_eq!(
            check_owner(peer, &HashSet::from([me])),
            Err(PeerError::Agent)
        );
        let above = parent(me).unwrap();
        assert_eq!(
            check_owner(peer, &HashSet::from([above])),
            Err(PeerError::Agent)
        );
        let other = UnixPeer {
            pid: me,
            uid: uid + 1,
        };
        assert_eq!(
            check_owner(other, &HashSet::new()),
            Err(PeerError::OtherUser)
        );
        let gone = UnixPeer { pid: i32::MAX, uid };
        assert_eq!(check_owner(gone, &HashSet::new()), Err(PeerError::Gone));
    }

    #[test]
    fn the_environment_of_an_agent_gives_it_away() {
        let uid = nix::unistd::geteuid().as_raw();
        let mut child = std::process::Command::new("cat")
            .env("ORCHESTRA_AGENT_ID", "droid-001")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // What it echoes shows that it runs: until then its environment is not there.
        child.stdin.as_mut().unwrap().write_all(b"x").unwrap();
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let found = check_owner(UnixPeer { pid, uid }, &HashSet::new());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, Err(PeerError::Agent));
    }
}
