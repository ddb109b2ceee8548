//! Sessions that the agent CLIs keep on disk, whoever started them: found, listed, read
//! and searched. Reads those files and never writes to them.

pub mod ends;
pub mod export;
pub mod facts;
pub mod format;
pub mod hits;
pub mod lines;
pub mod live;
pub mod parallel;
pub mod prices;
pub mod reading;
pub mod scan;
pub mod search;
pub mod spending;
pub mod takeover;
pub mod view;
pub mod watch;
pub mod worker;

use crate::config::Config;
use crate::store::agent_sessions::{self, AgentSession};
use crate::store::index::query::{Cursor, Filter, Scope};
use crate::store::index::{FileRow, Index, UsageRow};
use crate::store::{Store, StoreError};
use crate::supervise::Tasks;
use facts::Facts;
use live::{Watchman, Writer};
use orchestra_protocol::time::Timestamp;
use orchestra_protocol::transcript::{ModelUsage, Progress, TokenUsage, Transcript, UsageTotals};
use parking_lot::Mutex;
use prices::Prices;
use scan::Root;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use worker::{Grown, Worker};

/// Who looks, as far as sessions go.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    pub user: &'a str,
    /// May see what belongs to others.
    pub all: bool,
    /// Is the person whose HOME this is: sessions that no agent of ours has are theirs.
    pub at_home: bool,
}

/// Cheap handle to all found sessions; clone it freely.
#[derive(Clone)]
pub struct Transcripts {
    store: Store,
    index: Index,
    roots: Arc<Vec<Root>>,
    watchman: Watchman,
    progress: Arc<Mutex<Progress>>,
    grown: Grown,
    prices: Arc<Prices>,
    /// The CLIs whose sessions can go on as agents; the layer above knows.
    resumable: Arc<OnceLock<Vec<&'static str>>>,
}

/// What is known beside the files when rows become transcripts.
struct Beside {
    agents: HashMap<String, AgentSession>,
    writers: Arc<live::Writers>,
}

impl Transcripts {
    /// Opens the index and begins to look.
    ///
    /// # Errors
    /// When the index cannot be made.
    pub async fn start(config: &Config, store: Store, tasks: &Tasks) -> Result<Self, StoreError> {
        let index = Index::open(&config.paths.data_dir).await?;
        let roots = Arc::new(scan::roots(config));
        let progress = Arc::new(Mutex::new(Progress::default()));
        let heartbeat = Duration::from_secs(config.settings.transcripts.heartbeat_s);
        let grown = Grown::default();
        let worker = Worker::new(
            roots.clone(),
            index.clone(),
            progress.clone(),
            heartbeat,
            grown.clone(),
        );
        tasks.spawn("transcripts", |cancel| worker.run(cancel));
        Ok(Self {
            store,
            index,
            watchman: Watchman::new(roots.clone()),
            roots,
            progress,
            grown,
            prices: Arc::new(Prices::new(&config.settings.prices)),
            resumable: Arc::default(),
        })
    }

    /// Says whose sessions can go on as agents; until then all are thought to.
    pub fn set_resumable(&self, kinds: Vec<&'static str>) {
        // The first word counts; there is one caller.
        let _ = self.resumable.set(kinds);
    }

    /// What tokens cost.
    pub fn prices(&self) -> Arc<Prices> {
        self.prices.clone()
    }

    /// Writes the index out.
    pub async fn close(&self) {
        self.index.close().await;
    }

    /// How far finding and reading has come.
    pub fn progress(&self) -> Progress {
        self.progress.lock().clone()
    }

    /// Sessions, the one written to last first; `live` keeps those that are written to now.
    ///
    /// # Errors
    /// When the index or the store cannot be read.
    pub async fn list(
        &self,
        reader: Reader<'_>,
        mut filter: Filter,
        live: bool,
        after: Option<Cursor>,
        limit: i64,
    ) -> Result<Vec<(Cursor, Transcript)>, StoreError> {
        let beside = self.beside().await?;
        if live {
            let mut sessions = beside.writers.sessions(&self.roots);
            let agents = beside.agents.values().filter(|agent| agent.live);
            sessions.extend(agents.map(|agent| agent.session.clone()));
            filter.sessions = Some(sessions);
        }
        let scope = beside.scope(reader);
        let rows = self.index.list(&scope, &filter, after, limit).await?;
        let mut items = Vec::with_capacity(rows.len());
        for row in rows {
            items.push(((row.modified, row.num), self.shown(&beside, &row).await?));
        }
        Ok(items)
    }

    /// One session by its id or its CLI's; with its row.
    ///
    /// # Errors
    /// `NotFound` when there is none that the reader may see.
    pub async fn get(
        &self,
        reader: Reader<'_>,
        name: &str,
    ) -> Result<(FileRow, Transcript), StoreError> {
        let beside = self.beside().await?;
        let row = self.index.find(&beside.scope(reader), name).await?;
        let item = self.shown(&beside, &row).await?;
        Ok((row, item))
    }

    /// Sub-agents of a session.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub async fn children(&self, row: &FileRow) -> Result<Vec<(FileRow, Transcript)>, StoreError> {
        if row.parent.is_some() {
            return Ok(Vec::new());
        }
        let beside = self.beside().await?;
        let mut items = Vec::new();
        for child in self.index.children(&row.session, &row.kind).await? {
            let item = self.shown(&beside, &child).await?;
            items.push((child, item));
        }
        Ok(items)
    }

    /// Tokens of all sessions that the reader may see.
    ///
    /// # Errors
    /// When the index or the store cannot be read.
    pub async fn usage(
        &self,
        reader: Reader<'_>,
        since: Option<i64>,
    ) -> Result<UsageTotals, StoreError> {
        let beside = self.beside().await?;
        let rows = self.index.usage(&beside.scope(reader), since).await?;
        let mut total = TokenUsage::default();
        let mut models = Vec::new();
        for row in rows {
            let usage = tokens(&row);
            add(&mut total, &usage);
            models.push(ModelUsage {
                cost_usd: self.prices.cost(&row.model, &usage),
                kind: row.kind,
                model: row.model,
                usage,
            });
        }
        Ok(UsageTotals {
            usage: total,
            // A sum of nothing would be minus zero.
            cost_usd: models
                .iter()
                .filter_map(|model| model.cost_usd)
                .fold(0.0, |sum, cost| sum + cost),
            models,
            progress: self.progress(),
        })
    }

    async fn beside(&self) -> Result<Beside, StoreError> {
        let all = agent_sessions::all(&self.store).await?;
        let watchman = self.watchman.clone();
        let writers = tokio::task::spawn_blocking(move || watchman.look()).await;
        Ok(Beside {
            agents: all
                .into_iter()
                .map(|one| (one.session.clone(), one))
                .collect(),
            writers: writers.unwrap_or_default(),
        })
    }

    async fn shown(&self, beside: &Beside, row: &FileRow) -> Result<Transcript, StoreError> {
        let facts: Facts = serde_json::from_str(&row.facts).unwrap_or_default();
        let read = row.read_to > 0 || row.size == 0;
        let mut usage = TokenUsage::default();
        let mut cost = Some(0.0);
        let summed = row.summed_to > 0 || row.size == 0;
        for model in self.index.usage_of(row.num).await? {
            let tokens = tokens(&model);
            add(&mut usage, &tokens);
            cost = cost.and_then(|sum| Some(sum + self.prices.cost(&model.model, &tokens)?));
        }
        let writer = beside.writers.of(&row.kind, &row.session, &row.path);
        let agent = beside.agents.get(&row.session);
        let ours = agent.is_some_and(|agent| agent.live);
        let live = ours || writer.is_some();
        let hindrance = takeover::taken(agent.filter(|_| ours), writer.as_ref());
        let hindrance = hindrance.or_else(|| self.unfit(row, &facts));
        let writer = writer.unwrap_or(Writer {
            pid: 0,
            status: None,
        });
        let project = facts
            .cwd
            .as_deref()
            .map(Path::new)
            .and_then(Path::file_name);
        Ok(Transcript {
            id: row.id.clone(),
            kind: row.kind.clone(),
            session: row.session.clone(),
            parent: row.parent.clone(),
            call_id: row.call_id.clone(),
            title: row.title.clone(),
            project: project.map(|name| name.to_string_lossy().into_owned()),
            cwd: facts.cwd,
            branch: facts.branch,
            model: facts.model,
            version: facts.version,
            first_message: facts.first,
            last_message: facts.last,
            messages: read.then_some(facts.messages),
            tool_calls: read.then_some(facts.calls),
            errors: read.then_some(facts.errors),
            usage: summed.then_some(usage),
            cost_usd: cost.filter(|_| summed),
            started_at: facts.began.map(Timestamp),
            updated_at: Timestamp(row.modified),
            duration_ms: facts
                .began
                .zip(facts.ended)
                .map(|(began, ended)| ended - began),
            bytes: row.size,
            read_bytes: row.read_to,
            live,
            pid: Some(writer.pid).filter(|pid| *pid != 0),
            status: writer.status,
            agent_id: agent.map(|agent| agent.agent.clone()),
            resumable: hindrance.is_none(),
            not_resumable: hindrance,
            problem: trouble(&facts.failed, facts.unreadable),
            hits: Vec::new(),
        })
    }
}

impl Beside {
    fn scope(&self, reader: Reader<'_>) -> Scope {
        let (own, foreign): (Vec<_>, Vec<_>) = self
            .agents
            .values()
            .partition(|agent| agent.owner == reader.user);
        let sessions =
            |list: Vec<&AgentSession>| list.into_iter().map(|one| one.session.clone()).collect();
        match (reader.all, reader.at_home) {
            (true, _) => Scope::default(),
            (false, true) => Scope {
                only: None,
                not: sessions(foreign),
            },
            (false, false) => Scope {
                only: Some(sessions(own)),
                not: Vec::new(),
            },
        }
    }
}

fn tokens(row: &UsageRow) -> TokenUsage {
    TokenUsage {
        input_tokens: row.input,
        output_tokens: row.output,
        cache_write_tokens: row.cache_write,
        cache_read_tokens: row.cache_read,
    }
}

fn add(sum: &mut TokenUsage, more: &TokenUsage) {
    sum.input_tokens += more.input_tokens;
    sum.output_tokens += more.output_tokens;
    sum.cache_write_tokens += more.cache_write_tokens;
    sum.cache_read_tokens += more.cache_read_tokens;
}

fn trouble(failed: &Option<String>, unreadable: u64) -> Option<String> {
    match (failed, unreadable) {
        (Some(error), _) => Some(format!("the file could not be read: {error}")),
        (None, 0) => None,
        (None, 1) => Some("1 record could not be read".into()),
        (None, count) => Some(format!("{count} records could not be read")),
    }
}
