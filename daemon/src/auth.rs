//! Who calls, and what they may do: tokens, devices, tickets, and the one decision.

pub mod accounts;
pub mod authorize;
pub mod cache;
pub mod issuer;
pub mod jwks;
pub mod jwt;
pub mod local;
pub mod login;
pub mod peer;
pub mod permission;
pub mod principal;
pub mod secret;
pub mod shares;
#[cfg(test)]
mod tests;
pub mod tickets;

use crate::config::{Config, LoginSource};
use crate::model::ids::UserId;
use crate::store::users::UserRow;
use crate::store::{self, Store, StoreError};
use crate::supervise::Tasks;
use orchestra_protocol::time::Timestamp;
use principal::{AgentGrant, Principal, User};
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// What an agent's token begins with.
pub const AGENT_PREFIX: &str = "orc_agent_";

/// Why a caller is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Wrong, ended or taken back; the text is a code for the audit.
    #[error("{0}")]
    Refused(&'static str),
    #[error(transparent)]
    Token(#[from] jwt::TokenError),
    #[error(transparent)]
    Ticket(#[from] tickets::TicketError),
    #[error("this installation logs in with an OIDC provider; local logins are off")]
    NoLocalIssuer,
    #[error("there is an account of that name")]
    NameTaken,
    #[error("{0}")]
    Invalid(&'static str),
    #[error(transparent)]
    Issuer(#[from] issuer::IssuerError),
    #[error(transparent)]
    Fetch(#[from] jwks::remote::FetchError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Cheap handle; clone it freely.
#[derive(Clone)]
pub struct Auth(Arc<Inner>);

type Panes = Box<dyn Fn() -> HashSet<i32> + Send + Sync>;

struct Inner {
    store: Store,
    settings: crate::config::Auth,
    verifier: jwt::Verifier,
    local: Option<issuer::LocalIssuer>,
    logins: login::Logins,
    tickets: tickets::Tickets,
    cache: cache::Cache,
    shares: shares::Shares,
    /// Passwords looked at together.
    hashing: tokio::sync::Semaphore,
    generation: AtomicU64,
    panes: OnceLock<Panes>,
    masked: OnceLock<bool>,
    /// Subject of the first local login.
    owner: String,
}

impl Auth {
    /// Opens the issuer that the configuration names. A remote one need not answer now.
    ///
    /// # Errors
    /// When a key may be read by others or is damaged, or the issuer's address is bad.
    pub fn open(config: &Config, store: Store, tasks: &Tasks) -> Result<Self, AuthError> {
        let settings = config.settings.auth.clone();
        let (verifier, local) = match settings.login {
            LoginSource::Local => {
                let local = issuer::LocalIssuer::open(&config.paths.data_dir)?;
                let verifier = jwt::Verifier {
                    issuer: local.name.clone(),
                    audience: issuer::AUDIENCE.to_owned(),
                    clients: Vec::new(),
                    keys: jwks::Jwks::fixed(&local.jwks(), tasks),
                };
                (verifier, Some(local))
            }
            LoginSource::Oidc => {
                let remote = jwks::remote::Remote::new(&settings.issuer)?;
                let verifier = jwt::Verifier {
                    issuer: settings.issuer.clone(),
                    audience: settings.audience.clone(),
                    clients: settings.clients.clone(),
                    keys: jwks::Jwks::remote(remote, tasks),
                };
                (verifier, None)
            }
        };
        let name = |key: &str| config.environment.get(key).filter(|name| !name.is_empty());
        let owner = name("USER")
            .or_else(|| name("LOGNAME"))
            .map_or("owner", String::as_str);
        Ok(Self(Arc::new(Inner {
            owner: owner
                .chars()
                .filter(|letter| !letter.is_control())
                .take(64)
                .collect(),
            store,
            settings,
            verifier,
            local,
            logins: login::Logins::default(),
            tickets: tickets::Tickets::default(),
            cache: cache::Cache::default(),
            shares: shares::Shares::default(),
            hashing: tokio::sync::Semaphore::new(2),
            generation: AtomicU64::new(0),
            panes: OnceLock::new(),
            masked: OnceLock::new(),
        })))
    }

    /// Tells how to list the pids of all panes; once, when the agents are up.
    pub fn set_panes(&self, panes: impl Fn() -> HashSet<i32> + Send + Sync + 'static) {
        // A second call would come from a second daemon in one process: tests only.
        let _ = self.0.panes.set(Box::new(panes));
    }

    /// Tells whether agents see the daemon's folders; once, when the agents are up.
    pub fn set_masked(&self, masked: bool) {
        // As above.
        let _ = self.0.masked.set(masked);
    }

    /// True when agents do not see the daemon's folders.
    pub fn agents_masked(&self) -> bool {
        self.0.masked.get().copied().unwrap_or_default()
    }

    /// True when tokens can be checked.
    pub fn ready(&self) -> bool {
        self.0.verifier.keys.ready()
    }

    /// Changes whenever a right was taken away; a decision made under another number
    /// has to be made again.
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// Says that a right was taken away: after a lock, a revocation, an agent's end.
    pub fn bump(&self) {
        self.0.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// The caller behind a bearer token, an agent's or a user's.
    ///
    /// # Errors
    /// Says which check failed.
    pub async fn bearer(&self, token: &str) -> Result<Principal, AuthError> {
        let hash = secret::digest(token);
        let generation = self.generation();
        let now = Timestamp::now();
        if let Some(principal) = self.0.cache.get(&hash, generation, now) {
            return Ok(principal);
        }
        let (principal, signed_at) = if token.starts_with(AGENT_PREFIX) {
            (self.agent(&hash).await?, now.0)
        } else if let Some((signed, at)) = self.0.cache.signed(&hash, now) {
            (self.recheck(&signed).await?, at)
        } else {
            (self.user(token).await?, now.0)
        };
        self.0
            .cache
            .put(hash, &principal, generation, now, signed_at);
        Ok(principal)
    }

    /// True when this token's signature was checked before and it has not ended; such a
    /// caller is served even when its address is over the limit for strangers.
    pub fn known(&self, token: &str) -> bool {
        self.0
            .cache
            .signed(&secret::digest(token), Timestamp::now())
            .is_some()
    }

    /// Decides anew whether a caller may still be here; for live sockets, every 5 s and
    /// when `generation` changed.
    ///
    /// # Errors
    /// When the token has ended or was taken back, the device was revoked, the user
    /// locked, or the agent has ended.
    pub async fn recheck(&self, principal: &Principal) -> Result<Principal, AuthError> {
        if principal.agent.is_some() {
            let hash = principal.token_id.as_deref().unwrap_or_default();
            return self.agent(hash).await;
        }
        if principal
            .expires_at
            .is_some_and(|end| end <= Timestamp::now())
        {
            return Err(AuthError::Refused("expired"));
        }
        self.standing(principal).await
    }

    /// What the store says of a user now, whatever the clock says of the token.
    async fn standing(&self, principal: &Principal) -> Result<Principal, AuthError> {
        let now = Timestamp::now();
        let store = &self.0.store;
        let row = store::users::get(store, &principal.user.id).await?;
        if row.locked_at.is_some() {
            return Err(AuthError::Refused("locked"));
        }
        if let Some(id) = &principal.token_id
            && store::devices::token_revoked(store, id).await?
        {
            return Err(AuthError::Refused("revoked"));
        }
        let mut fresh = principal.clone();
        if let Some(id) = &principal.device_id {
            let device = store::devices::find(store, id).await?;
            if !device.is_some_and(|one| one.live(now) && one.user_id == row.id) {
                return Err(AuthError::Refused("device"));
            }
            // A device's tokens follow the role; one minted by hand says its own.
            if let Some(role) = row.role.as_deref().and_then(permission::Role::parse) {
                fresh.permissions = fresh.permissions.both(role.permissions());
            }
        }
        fresh.user = user(&row);
        Ok(fresh)
    }

    async fn user(&self, token: &str) -> Result<Principal, AuthError> {
        let verified = self.0.verifier.verify(token).await?;
        let issuer = &self.0.verifier.issuer;
        let name = display(verified.name.as_deref().unwrap_or(&verified.subject));
        let store = &self.0.store;
        let row = store::users::seen(store, issuer, &verified.subject, &name, None).await?;
        let principal = Principal {
            user: user(&row),
            permissions: verified.permissions,
            agent: None,
            token_id: verified.token_id,
            device_id: verified.device_id,
            expires_at: Some(verified.expires_at),
            shares: self.0.shares.clone(),
        };
        // Not `recheck`: the validation allowed for clocks that differ.
        self.standing(&principal).await
    }

    async fn agent(&self, hash: &str) -> Result<Principal, AuthError> {
        let found = store::agent_tokens::find(&self.0.store, hash).await?;
        let row = found.ok_or(AuthError::Refused("agent_token"))?;
        if row.owner_locked {
            return Err(AuthError::Refused("locked"));
        }
        Ok(Principal {
            user: User {
                id: row.owner,
                name: row.owner_name,
                issuer: row.issuer,
                subject: row.subject,
            },
            permissions: permission::Permissions::NONE,
            agent: Some(AgentGrant {
                agent_id: row.agent,
                parent: row.parent,
                task_id: row.task,
                depth: row.depth,
                root: row.root,
            }),
            token_id: Some(hash.to_owned()),
            device_id: None,
            expires_at: None,
            shares: self.0.shares.clone(),
        })
    }

    /// Locks a user out within 5 s, everywhere, or lets it in again.
    ///
    /// # Errors
    /// When there is no such user or the store fails.
    pub async fn lock(&self, id: &UserId, locked: bool) -> Result<(), AuthError> {
        store::users::set_locked(&self.0.store, id, locked).await?;
        self.bump();
        Ok(())
    }

    /// Opens a socket: the caller that the ticket was issued to, checked anew.
    ///
    /// # Errors
    /// When the ticket opens nothing or the caller may not be here any more.
    pub async fn redeem(&self, ticket: &str, origin: Option<&str>) -> Result<Principal, AuthError> {
        let principal = self.0.tickets.redeem(ticket, origin)?;
        self.recheck(&principal).await
    }

    /// The open tickets.
    pub fn tickets(&self) -> &tickets::Tickets {
        &self.0.tickets
    }
}

/// A new agent token and the hash to store; the token goes into a 0600 file and
/// nowhere else.
pub fn new_agent_token() -> (secrecy::SecretString, String) {
    let token = format!("{AGENT_PREFIX}{}", secret::random_text());
    let hash = secret::digest(&token);
    (token.into(), hash)
}

fn user(row: &UserRow) -> User {
    User {
        id: row.id.clone(),
        name: row.name.clone(),
        issuer: row.issuer.clone(),
        subject: row.subject.clone(),
    }
}

/// A name fit for a page and a log.
fn display(name: &str) -> String {
    name.chars()
        .filter(|letter| !letter.is_control())
        .take(100)
        .collect()
}
