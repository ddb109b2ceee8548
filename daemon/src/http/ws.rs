//! `GET /ws`: one socket per browser tab, many terminals on it. The credential was
//! checked before this handler runs; from here on it is checked again as long as the
//! socket lives.

mod connection;
mod feed;
mod keeper;
mod outbox;
mod receive;
mod session;
mod streams;
mod talk;
mod terminals;
mod typist;

use super::AppState;
use super::audit_layer;
use super::extract::Caller;
use super::problem::Failure;
use crate::auth::permission::Permissions;
use crate::auth::principal::{Principal, User};
use crate::model::ids::UserId;
use crate::model::limits::MAX_SOCKET_MESSAGE;
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use orchestra_protocol::admin::SocketView;
use orchestra_protocol::time::Timestamp;
use parking_lot::Mutex;
use session::Opening;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The subprotocol; the ticket that comes beside it is never echoed.
const PROTOCOL: &str = "orchestra.v1";
/// Sockets of all users together.
const MAX_SOCKETS: usize = 10_000;
/// The library's own buffer of 128 KiB would be most of what an idle socket costs.
const READ_BUFFER: usize = 4096;

/// The route.
pub fn router() -> Router<AppState> {
    Router::new().route("/ws", get(upgrade))
}

async fn upgrade(
    State(state): State<AppState>,
    State(sockets): State<Sockets>,
    Caller(principal): Caller,
    request: Request,
) -> Response {
    let mut entry = audit_layer::entry(request.method(), request.extensions());
    audit_layer::sign(&mut entry, &principal);
    let origin = request
        .headers()
        .get(header::ORIGIN)
        .and_then(|value| value.to_str().ok());
    let origin = origin.map(str::to_owned);
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &state).await {
        Ok(upgrade) => upgrade,
        Err(refusal) => return refusal.into_response(),
    };
    let most = usize::try_from(state.config.settings.limits.sockets_per_user).unwrap_or(usize::MAX);
    let place = match sockets.enter(&principal.user, &entry.ip, most) {
        Ok(place) => place,
        Err(failure) => {
            state.audit.denied(entry, "too_many_sockets");
            return failure.into_response();
        }
    };
    let opening = Opening {
        principal,
        origin,
        entry,
        place,
    };
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(MAX_SOCKET_MESSAGE)
        .max_frame_size(MAX_SOCKET_MESSAGE)
        .read_buffer_size(READ_BUFFER)
        .on_upgrade(move |socket| async move {
            let tasks = state.tasks.clone();
            tasks.spawn("socket", move |cancel| {
                Box::pin(connection::run(state, opening, socket, cancel))
            });
        })
}

/// How many sockets are open, and whose; and which logins were found good lately.
#[derive(Clone, Default)]
pub struct Sockets(Arc<Shared>);

#[derive(Default)]
struct Shared {
    open: Mutex<BTreeMap<u64, SocketView>>,
    last: AtomicU64,
    good: Mutex<HashMap<Login, Good>>,
}

/// One login: the user, the token and the device.
type Login = (UserId, Option<String>, Option<String>);

/// When it was checked, under which generation, and what it may do.
struct Good {
    at: Instant,
    generation: u64,
    permissions: Permissions,
}

impl Sockets {
    fn enter(&self, user: &User, ip: &str, most: usize) -> Result<Place, Failure> {
        let mut open = self.0.open.lock();
        if open.len() >= MAX_SOCKETS {
            return Err(Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too_many_sockets",
                "Too many sockets",
                format!("This daemon serves at most {MAX_SOCKETS} sockets at once."),
            ));
        }
        let mine = open.values().filter(|one| one.user_id == user.id.0).count();
        if mine >= most {
            return Err(Failure::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_sockets",
                "Too many sockets",
                format!(
                    "You have {mine} sockets open; close one, or raise limits.sockets_per_user."
                ),
            ));
        }
        let id = self.0.last.fetch_add(1, Ordering::Relaxed) + 1;
        let view = SocketView {
            id,
            user_id: user.id.0.clone(),
            name: user.name.clone(),
            ip: ip.to_owned(),
            opened_at: Timestamp::now(),
        };
        open.insert(id, view);
        Ok(Place {
            sockets: self.clone(),
            id,
        })
    }

    /// Every open socket, the oldest first.
    pub fn list(&self) -> Vec<SocketView> {
        self.0.open.lock().values().cloned().collect()
    }

    /// True when this login was found good within `time`, under the same generation of
    /// rights and with the same permissions.
    fn checked(&self, principal: &Principal, generation: u64, time: Duration) -> bool {
        self.0
            .good
            .lock()
            .get(&login(principal))
            .is_some_and(|good| {
                good.generation == generation
                    && good.permissions == principal.permissions
                    && good.at.elapsed() < time
            })
    }

    /// Notes that a login was found good just now.
    fn note(&self, principal: &Principal, generation: u64) {
        let mut good = self.0.good.lock();
        if good.len() > MAX_SOCKETS {
            good.clear();
        }
        let permissions = principal.permissions;
        let at = Instant::now();
        good.insert(
            login(principal),
            Good {
                at,
                generation,
                permissions,
            },
        );
    }
}

fn login(principal: &Principal) -> Login {
    let Principal {
        user,
        token_id,
        device_id,
        ..
    } = principal;
    (user.id.clone(), token_id.clone(), device_id.clone())
}

/// One open socket's place in the list; given back when it is dropped.
struct Place {
    sockets: Sockets,
    id: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.sockets.0.open.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::{Sockets, User, UserId};

    #[test]
    fn places_are_counted_by_user_and_given_back() {
        let sockets = Sockets::default();
        let user = |id: &str| User {
            id: UserId(id.into()),
            name: id.into(),
            issuer: "i".into(),
            subject: id.into(),
        };
        let (ann, bob) = (user("a"), user("b"));
        let first = sockets.enter(&ann, "::1", 2).unwrap();
        let second = sockets.enter(&ann, "::1", 2).unwrap();
        assert!(sockets.enter(&ann, "::1", 2).is_err());
        assert!(sockets.enter(&bob, "::1", 2).is_ok());
        drop(first);
        assert!(sockets.enter(&ann, "::1", 2).is_ok());
        drop(second);
        assert!(sockets.list().is_empty());
    }
}
