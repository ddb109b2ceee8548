//! The accept loops: TCP and the Unix socket, with limits that a library's own loop
//! does not have. Takes bound listeners, so that tests use port 0.

use super::door::Door;
use super::limits::Place;
use super::problem::Failure;
use crate::auth::peer::{Peer, UnixPeer};
use crate::supervise::Tasks;
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::IntoResponse as _;
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use parking_lot::Mutex;
use socket2::SockRef;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

/// A head that takes longer to arrive ends the connection; so does idling between two.
const HEADER_TIMEOUT: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });
/// Largest head of a request, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// Connections open at once that are no sockets; more are closed at once.
const MAX_CONNECTIONS: usize = 16_384;
/// The same from one address; many users may share it.
const MAX_FROM_ONE: usize = 8_192;
/// Bytes that may wait in the kernel for a link that is slower than we are.
const NOT_SENT: u32 = 16 * 1024;
/// Pause after a failed accept, such as for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Why the daemon cannot listen; says what to change.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("{address} is taken; is another daemon running? Choose another with --listen")]
    Taken { address: SocketAddr },
    #[error("cannot listen on {address}: {error}")]
    Tcp {
        address: SocketAddr,
        error: std::io::Error,
    },
    #[error("another daemon answers on {0}; stop it first, or choose another --data-dir")]
    Running(PathBuf),
    #[error("cannot listen on {path}: {error}")]
    Unix {
        path: PathBuf,
        error: std::io::Error,
    },
}

/// Bound listeners.
pub struct Listeners {
    tcp: Vec<TcpListener>,
    unix: Option<(UnixListener, PathBuf)>,
}

impl Listeners {
    /// Binds `listen` (and, when that is 127.0.0.1, the same port of ::1 if it can be
    /// had) and the Unix socket.
    ///
    /// # Errors
    /// When an address is taken or may not be used.
    pub async fn bind(listen: SocketAddr, unix: Option<&Path>) -> Result<Self, ListenError> {
        let first = TcpListener::bind(listen).await.map_err(|error| {
            if error.kind() == std::io::ErrorKind::AddrInUse {
                ListenError::Taken { address: listen }
            } else {
                ListenError::Tcp {
                    address: listen,
                    error,
                }
            }
        })?;
        let mut tcp = vec![first];
        if let Ok(SocketAddr::V4(bound)) = tcp[0].local_addr()
            && bound.ip().is_loopback()
        {
            // No IPv6 here, or the port is taken there: 127.0.0.1 is enough.
            tcp.extend(TcpListener::bind(("::1", bound.port())).await.ok());
        }
        let unix = match unix {
            Some(path) => Some((bind_unix(path).await?, path.to_owned())),
            None => None,
        };
        Ok(Self { tcp, unix })
    }

    /// The TCP addresses, with the port that was given for port 0.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.tcp
            .iter()
            .filter_map(|listener| listener.local_addr().ok())
            .collect()
    }
}

/// A socket that only its owner may open; one left by a dead daemon is replaced.
async fn bind_unix(path: &Path) -> Result<UnixListener, ListenError> {
    let failed = |error| ListenError::Unix {
        path: path.to_owned(),
        error,
    };
    match UnixStream::connect(path).await {
        Ok(_) => return Err(ListenError::Running(path.to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(failed)?;
        }
        Err(error) => return Err(failed(error)),
    }
    let listener = UnixListener::bind(path).map_err(failed)?;
    // The folder is 0700, so that nobody else gets in before this either.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    if let (Some(folder), Some(name)) = (path.parent(), path.file_name()) {
        let door = folder.join("door").join(name);
        // Left by a dead daemon; without the folder nobody is masked.
        let _ = std::fs::remove_file(&door);
        if let Err(error) = std::fs::hard_link(path, &door) {
            tracing::debug!(%error, "masked agents would not reach this daemon");
        }
    }
    Ok(listener)
}

/// Serves until the shutdown of `tasks`: then nothing new is accepted, and what is being
/// answered is finished within the grace that `Tasks::shutdown` gives. Upgraded sockets
/// are their handlers' affair.
pub fn start(listeners: Listeners, router: Router, door: Door, tasks: &Tasks) {
    if let Some(tls) = door.tls() {
        tls.keep_fresh(tasks);
    }
    let shared = Arc::new(Shared {
        router,
        door,
        tasks: tasks.clone(),
        open: Arc::default(),
    });
    for listener in listeners.tcp {
        let shared = Arc::clone(&shared);
        tasks.spawn("accept", move |cancel| shared.accept_tcp(listener, cancel));
    }
    if let Some((listener, path)) = listeners.unix {
        tasks.spawn("accept", move |cancel| async move {
            shared.accept_unix(&listener, &cancel).await;
            drop(listener);
            // A stale socket would be taken away at the next start all the same.
            let _ = std::fs::remove_file(path);
        });
    }
}

struct Shared {
    router: Router,
    door: Door,
    tasks: Tasks,
    open: Arc<Mutex<Open>>,
}

/// How many connections are open, in all and from each address.
#[derive(Default)]
struct Open {
    all: usize,
    from: HashMap<Place, usize>,
}

/// One of them, until it is dropped.
struct Seat {
    open: Arc<Mutex<Open>>,
    place: Option<Place>,
}

impl Seat {
    fn take(open: &Arc<Mutex<Open>>, place: Option<Place>) -> Option<Self> {
        let mut counts = open.lock();
        let from = place.and_then(|place| counts.from.get(&place)).copied();
        let from = from.unwrap_or_default();
        if counts.all >= MAX_CONNECTIONS || from >= MAX_FROM_ONE {
            return None;
        }
        counts.all += 1;
        if let Some(place) = place {
            counts.from.insert(place, from + 1);
        }
        let open = Arc::clone(open);
        Some(Self { open, place })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.open.lock();
        counts.all -= 1;
        if let Some(place) = self.place
            && let Entry::Occupied(mut from) = counts.from.entry(place)
        {
            *from.get_mut() -= 1;
            if *from.get() == 0 {
                from.remove();
            }
        }
    }
}

impl Shared {
    async fn accept_tcp(self: Arc<Self>, listener: TcpListener, cancel: CancellationToken) {
        loop {
            let accepted: std::io::Result<(TcpStream, SocketAddr)> = tokio::select! {
                () = cancel.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) if self.door.connects(address.ip()) => {
                    // Keystrokes are small and must not wait for company.
                    let _ = stream.set_nodelay(true);
                    // What the kernel holds unsent is old by the time a slow link takes it;
                    // less of it, and an answer to a key is soon on its way.
                    let _ = SockRef::from(&stream).set_tcp_notsent_lowat(NOT_SENT);
                    match self.door.tls() {
                        None => self.connection(Peer::Tcp(address), async { Some(stream) }),
                        Some(tls) => {
                            let shaken = tls.acceptor().accept(stream);
                            self.connection(Peer::Tcp(address), async {
                                let done = tokio::time::timeout(HEADER_TIMEOUT, shaken).await;
                                done.ok()?.inspect_err(no_handshake).ok()
                            });
                        }
                    }
                }
                Ok(_) => {}
                Err(error) => pause(&error).await,
            }
        }
    }

    async fn accept_unix(&self, listener: &UnixListener, cancel: &CancellationToken) {
        loop {
            let accepted = tokio::select! {
                () = cancel.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted.and_then(|(stream, _)| Ok((stream.peer_cred()?, stream))) {
                Ok((peer, stream)) => {
                    // The mode of the socket says the same; the kernel is asked as well.
                    if peer.uid() == nix::unistd::geteuid().as_raw()
                        && let Some(pid) = peer.pid()
                    {
                        let uid = peer.uid();
                        self.connection(Peer::Unix(UnixPeer { pid, uid }), async { Some(stream) });
                    }
                }
                Err(error) => pause(&error).await,
            }
        }
    }

    /// Serves what comes over `stream`, which may first have to be agreed on.
    fn connection<S>(&self, peer: Peer, stream: impl Future<Output = Option<S>> + Send + 'static)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let place = match peer {
            // A proxy brings everybody; those behind it are counted by what they do.
            Peer::Tcp(address) | Peer::Inside(address) if !self.door.is_proxy(address.ip()) => {
                Some(Place::of(address.ip()))
            }
            _ => None,
        };
        let Some(seat) = Seat::take(&self.open, place) else {
            tracing::warn!(%peer, "a connection was closed: too many are open");
            return;
        };
        let (router, door) = (self.router.clone(), self.door.clone());
        self.tasks.spawn("connection", move |cancel| async move {
            let _seat = seat;
            let Some(stream) = stream.await else { return };
            let service = service_fn(move |mut request: Request<Incoming>| {
                let from = from(&door, peer, request.headers());
                let mut router = router.clone();
                async move {
                    let Some(from) = from else {
                        return Ok(not_let_in().into_response());
                    };
                    request.extensions_mut().insert(from);
                    router.call(request.map(Body::new)).await
                }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_TIMEOUT)
                .max_buf_size(MAX_HEAD)
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades();
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = cancel.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke");
            }
        });
    }
}

/// Who asks: the peer, or whoever a proxy of ours names; none when that one may not.
fn from(door: &Door, peer: Peer, headers: &HeaderMap) -> Option<Peer> {
    match peer {
        Peer::Tcp(address) => door.origin(address, headers).map(Peer::Tcp),
        other => Some(other),
    }
}

fn not_let_in() -> Failure {
    Failure::forbidden("Your network may not call this daemon; network.allow lists those that may.")
}

fn no_handshake(error: &std::io::Error) {
    tracing::debug!(%error, "a TLS handshake failed");
}

async fn pause(error: &std::io::Error) {
    tracing::warn!(%error, "a connection could not be accepted");
    tokio::time::sleep(PAUSE).await;
}
