//! Ports for worktrees: runs of numbers that no other worktree has and nobody listens on.

use crate::config;
use std::net::{Ipv4Addr, TcpListener};

/// The first of a free run of ports.
pub(in crate::worktrees) fn free(
    settings: &config::Worktrees,
    leased: &[(u16, u16)],
) -> Option<u16> {
    let each = settings.ports_each;
    let ours = |start: u16, end: u16| {
        let meets = |&(port, ports): &(u16, u16)| port < end && port.saturating_add(ports) > start;
        leased.iter().any(meets)
    };
    let mut start = settings.port_from;
    while let Some(end) = start.checked_add(each) {
        if end.saturating_sub(1) > settings.port_to {
            return None;
        }
        if !ours(start, end) && (start..end).all(unused) {
            return Some(start);
        }
        start = end;
    }
    None
}

/// True when nobody listens there now.
fn unused(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::free;
    use crate::config::Worktrees;
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn a_lease_meets_no_other_and_nobody_who_listens() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let from = port.saturating_sub(2).max(1024);
        let settings = |to| Worktrees {
            port_from: from,
            port_to: to,
            ports_each: 3,
            ..Worktrees::default()
        };
        assert_eq!(
            free(&settings(from + 2), &[]),
            None,
            "{port} is listened on"
        );
        if let Some(found) = free(&settings(from + 60), &[(from + 3, 3)]) {
            assert!(found >= from + 6, "{found} meets a lease");
        }
        drop(taken);
    }
}
