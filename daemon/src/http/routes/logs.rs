//! `/api/agents/{id}/logs`: the recorded output, as server-sent events. The id of an
//! event is the offset behind its bytes, so that `Last-Event-ID` goes on exactly there.

use crate::agents::Agents;
use crate::auth::permission::Permission;
use crate::http::AppState;
use crate::http::access::{self, Standing};
use crate::http::extract::Caller;
use crate::http::problem::Failure;
use crate::http::query::Query;
use crate::http::routes::recording;
use crate::model::ids::AgentId;
use crate::terminal::recording::cast::{Code, Event as Recorded};
use crate::terminal::recording::reader::{Reader, Step};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use serde::Deserialize;
use std::time::Duration;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How often a follower looks for more.
const LOOK: Duration = Duration::from_millis(200);
const COMMENT: Duration = Duration::from_secs(15);
/// Text of one event, about.
const CHUNK: usize = 32 * 1024;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(logs))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LogsQuery {
    /// Goes on until the agent has ended; default true.
    follow: Option<bool>,
    /// Offset to begin at; `Last-Event-ID` wins. Default 0.
    from: Option<u64>,
}

/// The recorded output as events `output` (a JSON text), `gap` and `end`.
#[utoipa::path(get, path = "/api/agents/{id}/logs", params(LogsQuery), responses((status = 200, content_type = "text/event-stream")))]
async fn logs(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Path(id): Path<String>,
    Query(query): Query<LogsQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, std::io::Error>>>, Failure> {
    let agent = access::agent(&state.agents, &caller, Permission::AgentsRead, &id).await?;
    let recordings = state.agents.recordings();
    let folder = recordings.folder(&agent.id);
    // One that has just begun has no folder yet.
    let coming = recordings.is_on() && !agent.view.status.is_final();
    if !coming && !folder.is_dir() {
        return Err(recording::off());
    }
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok());
    let offset = match last {
        Some(text) => text
            .parse()
            .map_err(|_| Failure::invalid("Last-Event-ID is not one that this stream gave"))?,
        None => query.from.unwrap_or(0),
    };
    let id = agent.id.clone();
    let follower = Follower {
        agents: state.agents.clone(),
        id,
        reader: Some(Reader::resume(&folder, offset)),
        offset,
        follow: query.follow.unwrap_or(true),
        over: false,
        cancel: state.tasks.token(),
        standing: Standing::new(state.auth, caller, Permission::AgentsRead, agent),
    };
    let stream = futures_util::stream::unfold(follower, |mut follower| async move {
        let event = follower.next().await?;
        Some((event, follower))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(COMMENT)))
}

struct Follower {
    agents: Agents,
    id: AgentId,
    /// None while a look is on its way.
    reader: Option<Reader>,
    offset: u64,
    follow: bool,
    over: bool,
    cancel: tokio_util::sync::CancellationToken,
    standing: Standing,
}

/// What one look brought.
enum Look {
    Text(String),
    Gap,
    Nothing,
}

impl Follower {
    /// The next event; none after the end, or when the daemon stops. An error breaks the
    /// answer off, so that a client with a newer login knows that it may go on.
    async fn next(&mut self) -> Option<Result<Event, std::io::Error>> {
        if self.over {
            return None;
        }
        loop {
            if !self.standing.holds().await {
                self.over = true;
                return Some(Err(std::io::Error::other("the login has ended")));
            }
            // Asked before the read: what was written before the end is read after it.
            let ended = !self.follow || self.ended().await;
            let mut reader = self.reader.take()?;
            let work = tokio::task::spawn_blocking(move || {
                let found = look(&mut reader);
                (reader, found)
            });
            let (reader, found) = work.await.ok()?;
            self.offset = reader.offset();
            self.reader = Some(reader);
            match found {
                Ok(Look::Gap) => {
                    let gap = serde_json::json!({ "offset": self.offset });
                    return Some(Ok(self.event("gap", &gap)));
                }
                Ok(Look::Text(text)) => {
                    return Some(Ok(self.event("output", &serde_json::json!(text))));
                }
                Ok(Look::Nothing) | Err(_) if ended => {
                    self.over = true;
                    return Some(Ok(self.event("end", &serde_json::json!({}))));
                }
                Ok(Look::Nothing) | Err(_) => {
                    tokio::select! {
                        () = self.cancel.cancelled() => return None,
                        () = tokio::time::sleep(LOOK) => {}
                    }
                }
            }
        }
    }

    fn event(&self, name: &str, data: &serde_json::Value) -> Event {
        Event::default()
            .event(name)
            .id(self.offset.to_string())
            .data(data.to_string())
    }

    async fn ended(&self) -> bool {
        self.agents
            .get(&self.id)
            .await
            .is_ok_and(|agent| agent.view.status.is_final())
    }
}

/// Output until there is enough for an event or no more. A gap comes alone: what was read
/// before it goes first, and the reader stands behind it the next time.
fn look(reader: &mut Reader) -> std::io::Result<Look> {
    let mut text = String::new();
    while text.len() < CHUNK {
        match reader.next()? {
            Some(Step::Line(line)) => {
                let event = Recorded::parse(&line).filter(|event| event.code == Code::Output);
                let more =
                    event.and_then(|event| serde_json::from_str::<String>(event.data.get()).ok());
                text.push_str(&more.unwrap_or_default());
            }
            Some(Step::Gap) if text.is_empty() => return Ok(Look::Gap),
            Some(Step::Gap) | None => break,
            Some(Step::Begin { .. }) => {}
        }
    }
    if text.is_empty() {
        return Ok(Look::Nothing);
    }
    Ok(Look::Text(text))
}
