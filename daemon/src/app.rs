//! The daemon as a value: wires the parts, serves, and ends in order.

pub mod upkeep;

use crate::agents::{Agents, Below};
use crate::approvals::Approvals;
use crate::audit::Audit;
use crate::auth::Auth;
use crate::chat::Chat;
use crate::config::{Config, Flags};
use crate::delegate::Delegate;
use crate::events::Events;
use crate::http::door::Door;
use crate::http::edge::Edge;
use crate::http::serve::{self, Listeners};
use crate::http::{self, AppState};
use crate::push::Push;
use crate::store::Store;
use crate::supervise::Tasks;
use crate::terminal::Terminals;
use crate::transcripts::Transcripts;
use crate::worktrees::Worktrees;
use anyhow::{Context, bail};
use nix::fcntl::{Flock, FlockArg};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long an orderly end may take.
const GRACE: Duration = Duration::from_secs(5);

/// What the daemon says once it serves.
pub struct Ready {
    pub url: String,
    pub login_url: Option<String>,
}

/// What `orchestra up` wants beside the settings.
pub struct UpOptions {
    /// Called once, when the listener answers.
    pub on_ready: Box<dyn FnOnce(&Ready) + Send>,
}

/// Runs the daemon until SIGTERM or SIGINT.
///
/// # Errors
/// When the configuration is wrong, the data folder is in use, the port is taken, tmux is
/// missing, or the store is damaged. Says what to do.
pub async fn run(flags: Flags, options: UpOptions) -> anyhow::Result<()> {
    let config = Arc::new(Config::load(&flags)?);
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    config.paths.create()?;
    let _lock = lock(&config)?;
    let door = Door::open(&config)?;
    // Bound first: a port that is taken is the commonest reason to fail, and the cheapest
    // to find out.
    let socket = config.paths.socket();
    let listeners = Listeners::bind(config.settings.server.listen, Some(&socket)).await?;
    let edge = Edge::new(&config.settings, &listeners.addresses());
    let tasks = Tasks::default();
    let state = wire(config.clone(), edge, &tasks).await?;
    let ready = Ready {
        url: state.edge.base_url().to_owned(),
        login_url: login_url(&state),
    };
    http::limits::keep_small(&state.edge, &tasks);
    upkeep::start(&state, &tasks);
    serve::start(listeners, http::router(&state), door, &tasks);
    (options.on_ready)(&ready);
    tracing::info!(url = ready.url, "serving");
    ended().await?;
    tracing::info!("stopping; agents go on");
    if !tasks.shutdown(GRACE).await {
        tracing::warn!("some work did not end in time and was left");
    }
    // Last but the store: other parts' ends are recorded too.
    state.audit.flush().await;
    state.transcripts.close().await;
    state.store.close().await;
    Ok(())
}

/// Opens and starts every part, bottom up.
async fn wire(config: Arc<Config>, edge: Edge, tasks: &Tasks) -> anyhow::Result<AppState> {
    let store = Store::open(&config.paths.data_dir).await?;
    let events = Events::start(store.clone(), tasks).await?;
    let auth = Auth::open(&config, store.clone(), tasks)?;
    if config.settings.serves_a_network() && !auth.somebody_logs_in().await? {
        bail!(
            "server.listen: refuses to listen beyond loopback where nobody could log in; make an account first: start \
             with --listen 127.0.0.1:8080, run orchestra user add NAME --role admin, and start again; or set auth.login \
             = \"oidc\" with auth.issuer and auth.audience"
        );
    }
    auth.load_shares().await?;
    let audit = Audit::open(&config.paths.data_dir)?;
    let transcripts = Transcripts::start(&config, store.clone(), tasks).await?;
    let worktrees = Worktrees::start(config.clone(), store.clone(), events.clone()).await?;
    let adapters = crate::agents::adapter::all().iter();
    let resumable = adapters.filter(|adapter| adapter.takes_found());
    transcripts.set_resumable(resumable.map(|adapter| adapter.kind()).collect());
    let terminals = Terminals::start(&config, tasks).await?;
    let orchestra = orchestra_binary()?;
    let agents = Agents::start(
        config.clone(),
        store.clone(),
        events.clone(),
        Below {
            transcripts: transcripts.clone(),
            worktrees: worktrees.clone(),
            terminals: terminals.clone(),
        },
        orchestra,
        tasks,
    )
    .await?;
    auth.set_masked(agents.masked());
    let panes = terminals.clone();
    auth.set_panes(move || panes.found().into_iter().map(|pane| pane.pid).collect());
    let approvals = Approvals::start(
        config.clone(),
        store.clone(),
        events.clone(),
        agents.clone(),
        audit.clone(),
        tasks,
    )?;
    let chat = Chat::start(store.clone(), events.clone(), agents.clone(), tasks).await?;
    let delegate = Delegate::start(
        config.clone(),
        store.clone(),
        events.clone(),
        agents.clone(),
        chat.clone(),
        tasks,
    )
    .await?;
    let page = edge.base_url();
    let push = Push::start(&config, page, store.clone(), events.clone(), tasks).await?;
    Ok(AppState {
        config,
        store,
        events,
        auth,
        audit,
        edge,
        transcripts,
        worktrees,
        terminals,
        agents,
        approvals,
        chat,
        delegate,
        push,
        tasks: tasks.clone(),
        sockets: http::ws::Sockets::default(),
    })
}

/// A link that logs a browser in once; none with an OIDC issuer.
fn login_url(state: &AppState) -> Option<String> {
    let (secret, _) = state.auth.login_secret().ok()?;
    Some(format!("{}/#login={secret}", state.edge.base_url()))
}

/// Our own binary, for agents; a binary that was replaced while running is named by its
/// old path, which the new one has now.
fn orchestra_binary() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe().context("cannot tell where this program lies")?;
    let text = path.to_string_lossy();
    Ok(match text.strip_suffix(" (deleted)") {
        Some(before) => PathBuf::from(before),
        None => path,
    })
}

/// One daemon per data folder.
fn lock(config: &Config) -> anyhow::Result<Flock<File>> {
    let path = config.paths.data_dir.join("lock");
    let shown = config.paths.data_dir.display();
    let file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(|| format!("cannot write in {shown}; choose another with --data-dir"))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut held) => {
            held.set_len(0)?;
            held.rewind()?;
            write!(held, "{}", std::process::id())?;
            Ok(held)
        }
        Err((mut file, _)) => {
            let mut pid = String::new();
            file.read_to_string(&mut pid)?;
            bail!(
                "{shown} is in use by another daemon (process {}); use that one (orchestra web), or choose \
                 another folder with --data-dir",
                pid.trim()
            );
        }
    }
}

/// Resolves when somebody asks this process to end.
async fn ended() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
