//! One-time tickets that open a socket: 30 seconds, one use, kept as hashes.

use super::principal::Principal;
use super::secret::{digest, random_text};
use orchestra_protocol::auth::{Ticket, TicketRights};
use orchestra_protocol::time::Timestamp;
use parking_lot::Mutex;
use std::collections::HashMap;

/// Life of a ticket, in milliseconds.
const LIFE: i64 = 30_000;
/// Tickets that may be open at once, of all callers and of one.
const MAX_OPEN: usize = 16_384;
const MAX_OF_ONE: usize = 256;

/// Why there is no ticket, or why it opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    #[error("too many tickets are open; use one or wait half a minute")]
    TooMany,
    #[error("the ticket is unknown, used or too old")]
    Unknown,
    #[error("the ticket was issued to another origin")]
    Origin,
}

/// The open tickets.
#[derive(Default)]
pub struct Tickets(Mutex<HashMap<String, Open>>);

struct Open {
    principal: Principal,
    origin: Option<String>,
    expires_at: i64,
}

impl Tickets {
    /// A ticket for `principal`, for the page of `origin` alone when it has one.
    ///
    /// # Errors
    /// `TooMany`.
    pub fn issue(
        &self,
        principal: &Principal,
        rights: TicketRights,
        origin: Option<&str>,
    ) -> Result<Ticket, TicketError> {
        let now = Timestamp::now().0;
        let principal = match rights {
            TicketRights::Read => principal.clone().reading(),
            TicketRights::Full => principal.clone(),
        };
        let mut open = self.0.lock();
        if open.len() >= MAX_OF_ONE {
            open.retain(|_, ticket| now < ticket.expires_at);
            let of_one = open
                .values()
                .filter(|one| one.principal.key() == principal.key());
            if open.len() >= MAX_OPEN || of_one.count() >= MAX_OF_ONE {
                return Err(TicketError::TooMany);
            }
        }
        let text = random_text();
        let expires_at = now + LIFE;
        open.insert(
            digest(&text),
            Open {
                principal,
                origin: origin.map(str::to_owned),
                expires_at,
            },
        );
        Ok(Ticket {
            ticket: text,
            expires_at: Timestamp(expires_at),
        })
    }

    /// Uses a ticket up, also when it is refused; exactly one of many tries gets it.
    ///
    /// # Errors
    /// `Unknown` or `Origin`.
    pub fn redeem(&self, ticket: &str, origin: Option<&str>) -> Result<Principal, TicketError> {
        let open = self
            .0
            .lock()
            .remove(&digest(ticket))
            .ok_or(TicketError::Unknown)?;
        if Timestamp::now().0 >= open.expires_at {
            return Err(TicketError::Unknown);
        }
        if open.origin.is_some() && open.origin.as_deref() != origin {
            return Err(TicketError::Origin);
        }
        Ok(open.principal)
    }

    #[cfg(test)]
    pub(in crate::auth) fn age(&self, milliseconds: i64) {
        for open in self.0.lock().values_mut() {
            open.expires_at -= milliseconds;
        }
    }
}
