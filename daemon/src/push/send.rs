//! Hands messages to the push services: several at once, again after a pause where that
//! may help, and no more where it cannot.

use super::seal::{Browser, seal};
use super::{Push, endpoint, news};
use crate::store::push::SubscriptionRow;
use crate::store::push_log::Due;
use crate::store::{self, StoreError};
use crate::supervise::Tasks;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use orchestra_protocol::push::{PushKeys, PushKind, PushState};
use orchestra_protocol::time::Timestamp;
use sha2::{Digest as _, Sha256};
use std::collections::HashSet;
use std::time::Duration;

/// Messages under way at once.
const AT_ONCE: usize = 16;
/// Pauses before the second and each further try; after the last one it is over.
const PAUSES_MS: [i64; 5] = [1_000, 10_000, 60_000, 300_000, 1_800_000];
/// Longest pause that a push service may ask for.
const LONGEST_PAUSE_MS: i64 = 3_600_000;
/// With nothing due, the queue is looked at this often all the same.
const REST: Duration = Duration::from_secs(60);
/// The same when the store fails.
const PAUSE: Duration = Duration::from_secs(1);

/// While its person looks at the page, a question is looked at again after this.
const LOOKED_MS: i64 = 5_000;
/// The same for a withdrawal whose question is not sent yet.
const UNDER_WAY_MS: i64 = 1_000;

/// What came of one try.
enum Outcome {
    Sent,
    /// Not needed any more, or nobody to tell.
    Dropped(&'static str),
    /// Something else tells it, or there is nothing to take back: no trace of it stays.
    Told,
    /// Not now: looked at again after so many milliseconds, which is no try.
    Later(Option<&'static str>, i64),
    /// The browser took its subscription back.
    Gone,
    Failed(String),
    /// Again, not before this many milliseconds if the service said so.
    Again(String, Option<i64>),
}

impl Push {
    /// Starts to send what is due.
    pub(super) fn send(&self, tasks: &Tasks) {
        let push = self.clone();
        tasks.spawn("push", move |cancel| async move {
            tokio::select! {
                () = cancel.cancelled() => {}
                () = push.deliver_all() => {}
            }
        });
    }

    async fn deliver_all(&self) {
        let mut flying = FuturesUnordered::new();
        let mut known = HashSet::new();
        loop {
            let wait = match self.due().await {
                Ok((due, wait)) => {
                    for one in due {
                        if known.len() < AT_ONCE && known.insert(one.id.clone()) {
                            flying.push(self.deliver(one));
                        }
                    }
                    // Those that are under way are due as well until they land.
                    if flying.is_empty() { wait } else { REST }
                }
                Err(error) => {
                    tracing::warn!(%error, "notifications cannot be read");
                    PAUSE
                }
            };
            tokio::select! {
                Some(landed) = flying.next() => drop(known.remove(&landed)),
                () = self.0.bell.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// What is due, and how long until something else is.
    async fn due(&self) -> Result<(Vec<Due>, Duration), StoreError> {
        let now = Timestamp::now();
        let limit = i64::try_from(2 * AT_ONCE).unwrap_or(i64::MAX);
        let due = store::push_log::due(&self.0.store, now, limit).await?;
        let next = store::push_log::next(&self.0.store).await?;
        let wait = next.map_or(REST, |next| {
            Duration::from_millis(u64::try_from(next.since(now)).unwrap_or_default())
        });
        Ok((due, wait.min(REST)))
    }

    /// One try and its trace; the id, for the list of those under way.
    async fn deliver(&self, due: Due) -> String {
        let outcome = match self.attempt(&due).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(%error, "a notification could not be prepared");
                Outcome::Again("the daemon's store failed".into(), None)
            }
        };
        if let Err(error) = self.note(&due, outcome).await {
            tracing::warn!(%error, "what became of a notification was not stored");
            tokio::time::sleep(PAUSE).await;
        }
        due.id
    }

    async fn note(&self, due: &Due, outcome: Outcome) -> Result<(), StoreError> {
        let store = &self.0.store;
        let (state, reason, next) = match outcome {
            Outcome::Told => return store::push_log::take_back(store, &due.id).await,
            Outcome::Later(why, pause) => {
                let next = Timestamp(Timestamp::now().0 + pause);
                return store::push_log::put_off(store, &due.id, why, next).await;
            }
            Outcome::Sent => (PushState::Sent, None, None),
            Outcome::Dropped(why) => (PushState::Dropped, Some(why.to_owned()), None),
            Outcome::Failed(why) => (PushState::Failed, Some(why), None),
            Outcome::Gone => {
                store::push::remove(store, &due.user, &due.subscription).await?;
                let why = "the browser takes no notifications any more; it was removed";
                (PushState::Failed, Some(why.to_owned()), None)
            }
            Outcome::Again(why, asked) => match next_try(due, asked, Timestamp::now()) {
                Some(next) => (PushState::Queued, Some(why), Some(next)),
                None => (PushState::Failed, Some(why), None),
            },
        };
        if state == PushState::Failed {
            let why = reason.as_deref().unwrap_or_default();
            tracing::info!(
                push.delivery = due.id,
                why,
                "a notification was not delivered"
            );
        }
        store::push_log::tried(store, due, state, reason.as_deref(), next).await
    }

    async fn attempt(&self, due: &Due) -> Result<Outcome, StoreError> {
        let store = &self.0.store;
        if due.expires_at < Timestamp::now() {
            return Ok(Outcome::Failed("it got too old".into()));
        }
        let Some(to) = store::push::find(store, &due.subscription).await? else {
            return Ok(Outcome::Dropped("the browser is not told any more"));
        };
        if due.payload.kind == PushKind::Withdrawn {
            if let Some(outcome) = self.nothing_to_withdraw(due).await? {
                return Ok(outcome);
            }
        } else if let Some(approval) = &due.approval
            && !store::push_log::approval_waits(store, approval).await?
        {
            return Ok(Outcome::Dropped("it was answered meanwhile"));
        }
        if let Some(agent) = &due.agent {
            if store::push_log::agent_asks(store, agent).await? {
                return Ok(Outcome::Told);
            }
            if !store::push_log::agent_waits(store, agent).await? {
                return Ok(Outcome::Dropped("the agent went on meanwhile"));
            }
        }
        if !self.may_be_told(&to).await? {
            store::push::remove(store, &to.user_id, &to.id).await?;
            return Ok(Outcome::Dropped("the browser is logged out"));
        }
        if let Some(outcome) = self.seen_in_the_page(due) {
            return Ok(outcome);
        }
        Ok(self.post(due, &to).await)
    }

    /// Whoever looks at the page sees it there. What waits for an answer is told all the
    /// same once nobody looks any more; the rest would then be stale.
    fn seen_in_the_page(&self, due: &Due) -> Option<Outcome> {
        if !self.0.presence.looks(&due.user) {
            return None;
        }
        match due.payload.kind {
            PushKind::Approval | PushKind::Question => {
                Some(Outcome::Later(Some("you look at the page"), LOOKED_MS))
            }
            PushKind::Failure | PushKind::Result => {
                Some(Outcome::Dropped("you looked at the page"))
            }
            PushKind::Test | PushKind::Withdrawn => None,
        }
    }

    /// Only what a browser was told can be taken back from it.
    async fn nothing_to_withdraw(&self, due: &Due) -> Result<Option<Outcome>, StoreError> {
        let asked = news::asked_fact(due.approval.as_deref().unwrap_or_default());
        let store = &self.0.store;
        let told = store::push_log::state_of(store, &due.subscription, &asked).await?;
        Ok(match told {
            Some(PushState::Sent) => None,
            // It may be on its way.
            Some(PushState::Queued) => Some(Outcome::Later(None, UNDER_WAY_MS)),
            Some(PushState::Dropped | PushState::Failed) | None => Some(Outcome::Told),
        })
    }

    /// A login that ended hears nothing more: neither a locked user nor a device that was
    /// taken back.
    async fn may_be_told(&self, to: &SubscriptionRow) -> Result<bool, StoreError> {
        let user = store::users::get(&self.0.store, &to.user_id).await?;
        if user.locked_at.is_some() {
            return Ok(false);
        }
        let Some(device) = &to.device_id else {
            return Ok(true);
        };
        let device = store::devices::find(&self.0.store, device).await?;
        Ok(device.is_some_and(|device| device.live(Timestamp::now())))
    }

    async fn post(&self, due: &Due, to: &SubscriptionRow) -> Outcome {
        let failed = |why: &str| Outcome::Failed(why.to_owned());
        let Ok(url) = endpoint::parse(&to.endpoint, self.0.private) else {
            return failed("its address is not allowed here");
        };
        let keys = PushKeys {
            p256dh: to.p256dh.clone(),
            auth: to.auth.clone(),
        };
        let text = serde_json::to_vec(&due.payload).unwrap_or_default();
        let sealed = Browser::parse(&keys).and_then(|browser| seal(&text, &browser));
        let origin = url.origin().ascii_serialization();
        let (Ok(sealed), Some(authorization)) = (sealed, self.0.vapid.authorization(&origin))
        else {
            return failed("the message could not be encrypted");
        };
        let life = due.expires_at.since(Timestamp::now()) / 1000;
        let answer = self
            .0
            .client
            .post(url)
            .header("authorization", authorization)
            .header("content-encoding", "aes128gcm")
            .header("content-type", "application/octet-stream")
            .header("ttl", life.max(1))
            .header("urgency", urgency(due.payload.kind))
            .header("topic", topic(&due.payload.tag))
            .body(sealed)
            .send()
            .await;
        match answer {
            Ok(answer) => judge(answer.status().as_u16(), retry_after(&answer)),
            Err(error) if endpoint::was_private(&error) => {
                failed("its address leads into a private network")
            }
            Err(error) if error.is_timeout() => {
                Outcome::Again("the push service did not answer in time".into(), None)
            }
            Err(_) => Outcome::Again("the push service could not be reached".into(), None),
        }
    }
}

/// What an answer means; the body is not looked at, because it may be anybody's.
fn judge(status: u16, retry_after: Option<i64>) -> Outcome {
    match status {
        200..300 => Outcome::Sent,
        404 | 410 => Outcome::Gone,
        401 | 403 => Outcome::Failed(format!(
            "the push service refused this daemon's key ({status}); switch notifications off and on in that browser"
        )),
        408 | 429 | 500.. => Outcome::Again(
            format!("the push service answered with {status}"),
            retry_after,
        ),
        _ => Outcome::Failed(format!("the push service answered with {status}")),
    }
}

fn retry_after(answer: &reqwest::Response) -> Option<i64> {
    let text = answer.headers().get("retry-after")?.to_str().ok()?;
    let seconds: i64 = text.trim().parse().ok()?;
    Some((seconds.max(0)).saturating_mul(1000).min(LONGEST_PAUSE_MS))
}

/// When to try again; none when that is too often or too late.
fn next_try(due: &Due, asked: Option<i64>, now: Timestamp) -> Option<Timestamp> {
    // Whoever pressed the button waits for the answer.
    if due.payload.kind == PushKind::Test {
        return None;
    }
    let pause = *PAUSES_MS.get(usize::try_from(due.attempts).ok()?)?;
    let next = Timestamp(now.0 + pause.max(asked.unwrap_or_default()));
    (next < due.expires_at).then_some(next)
}

/// What wakes a phone that saves power.
fn urgency(kind: PushKind) -> &'static str {
    match kind {
        PushKind::Approval | PushKind::Question | PushKind::Test => "high",
        PushKind::Failure | PushKind::Result | PushKind::Withdrawn => "normal",
    }
}

/// Names what a later message of the same tag takes the place of, while a browser is off:
/// at most 32 letters of URL-safe base64, which tell the service nothing.
fn topic(tag: &str) -> String {
    let mut text = URL_SAFE_NO_PAD.encode(Sha256::digest(tag.as_bytes()));
    text.truncate(32);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ids::UserId;
    use orchestra_protocol::push::PushPayload;

    fn due(attempts: u32, kind: PushKind) -> Due {
        Due {
            id: "d".into(),
            user: UserId("u".into()),
            subscription: "s".into(),
            payload: PushPayload {
                kind,
                title: String::new(),
                body: String::new(),
                link: "/".into(),
                tag: "t".into(),
                at: Timestamp(0),
            },
            approval: None,
            agent: None,
            attempts,
            expires_at: Timestamp(7_200_000),
        }
    }

    #[test]
    fn pauses_grow_and_end() {
        let next = |attempts, asked| {
            next_try(&due(attempts, PushKind::Result), asked, Timestamp(0)).map(|next| next.0)
        };
        assert_eq!(next(0, None), Some(1_000));
        assert_eq!(next(0, Some(5_000)), Some(5_000));
        assert_eq!(next(4, None), Some(1_800_000));
        assert_eq!(next(5, None), None);
        assert_eq!(next(0, Some(9_000_000)), None, "after its end");
        let test = due(0, PushKind::Test);
        assert_eq!(next_try(&test, None, Timestamp(0)), None);
    }

    #[test]
    fn answers_are_told_apart() {
        assert!(matches!(judge(201, None), Outcome::Sent));
        assert!(matches!(judge(404, None), Outcome::Gone));
        assert!(matches!(judge(410, None), Outcome::Gone));
        assert!(matches!(judge(429, Some(7)), Outcome::Again(_, Some(7))));
        assert!(matches!(judge(503, None), Outcome::Again(..)));
        for refused in [302, 400, 401, 403, 413] {
            assert!(matches!(judge(refused, None), Outcome::Failed(_)));
        }
        assert!(topic("approval-1").len() == 32 && topic("a") != topic("b"));
    }
}
