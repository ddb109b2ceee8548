//! Web push: tells a person's browsers what the feed brings while nobody looks at the page.
//!
//! The feed is read from a stored place, so that a restart loses nothing; what is to be
//! told lies in a table until a push service took it. A browser is told of a fact once.

pub mod endpoint;
pub mod news;
pub mod presence;
pub mod seal;
mod send;
pub mod vapid;
mod watch;

use crate::auth::principal::Principal;
use crate::config::Config;
use crate::events::Events;
use crate::model::ids::fresh;
use crate::model::limits::{Invalid, MAX_TITLE, label};
use crate::store::push::SubscriptionRow;
use crate::store::push_log::News;
use crate::store::{self, Store, StoreError};
use crate::supervise::Tasks;
use endpoint::EndpointError;
use orchestra_protocol::push::{
    PushDelivery, PushKind, PushPayload, PushSubscribeRequest, PushSubscription, PushTestRequest,
};
use orchestra_protocol::time::Timestamp;
use presence::Presence;
use seal::{Browser, SealError};
use std::sync::Arc;
use tokio::sync::Notify;
use vapid::{Vapid, VapidError};

/// Browsers that one person may have told.
const MOST: i64 = 20;
/// A test that did not get through by then is over.
const TEST_MS: i64 = 60_000;

/// Why it could not be done; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error(transparent)]
    Keys(#[from] SealError),
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error("you have {MOST} browsers that are told already; remove one")]
    Many,
    #[error("no browser of yours is told yet; switch notifications on in one")]
    Nobody,
    #[error(transparent)]
    Vapid(#[from] VapidError),
    #[error("cannot set up a client: {0}")]
    Client(#[from] reqwest::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Cheap handle; clone it freely.
#[derive(Clone)]
pub struct Push(Arc<Inner>);

struct Inner {
    store: Store,
    vapid: Vapid,
    client: reqwest::Client,
    private: bool,
    presence: Presence,
    /// Rung when something was put into the queue.
    bell: Notify,
}

impl Push {
    /// Reads the key, or makes it, and starts to read the feed and to send. `page` is the
    /// page's address, which push services get when no contact is configured.
    ///
    /// # Errors
    /// When the key or the feed cannot be read.
    pub async fn start(
        config: &Config,
        page: &str,
        store: Store,
        events: Events,
        tasks: &Tasks,
    ) -> Result<Self, PushError> {
        let settings = &config.settings.push;
        let path = config.paths.data_dir.join("push.key");
        let push = Self(Arc::new(Inner {
            vapid: Vapid::open(&path, contact(&settings.contact, page))?,
            client: endpoint::client(settings.private_endpoints)?,
            private: settings.private_endpoints,
            presence: Presence::default(),
            store,
            bell: Notify::new(),
        }));
        push.watch(events, tasks).await?;
        push.send(tasks);
        Ok(push)
    }

    /// The key that browsers subscribe with.
    pub fn public_key(&self) -> String {
        self.0.vapid.public_key()
    }

    /// Who looks at a page now.
    pub fn presence(&self) -> &Presence {
        &self.0.presence
    }

    /// Adds the caller's browser, or changes its switches.
    ///
    /// # Errors
    /// When the endpoint or the keys are not what a browser gives, or there are too many.
    pub async fn subscribe(
        &self,
        caller: &Principal,
        request: &PushSubscribeRequest,
    ) -> Result<PushSubscription, PushError> {
        endpoint::parse(&request.endpoint, self.0.private)?;
        Browser::parse(&request.keys)?;
        label("label", &request.label, MAX_TITLE)?;
        let device = caller.device_id.as_deref();
        let put = store::push::put(&self.0.store, &caller.user.id, device, request, MOST);
        match put.await {
            Ok(row) => Ok(view(row, device)),
            Err(StoreError::Conflict(_)) => Err(PushError::Many),
            Err(error) => Err(error.into()),
        }
    }

    /// The caller's browsers.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(&self, caller: &Principal) -> Result<Vec<PushSubscription>, PushError> {
        let rows = store::push::of_user(&self.0.store, &caller.user.id).await?;
        let device = caller.device_id.as_deref();
        Ok(rows.into_iter().map(|row| view(row, device)).collect())
    }

    /// Tells one of the caller's browsers no more.
    ///
    /// # Errors
    /// When the caller has no such browser or the store fails.
    pub async fn unsubscribe(&self, caller: &Principal, id: &str) -> Result<(), PushError> {
        if store::push::remove(&self.0.store, &caller.user.id, id).await? {
            Ok(())
        } else {
            Err(StoreError::NotFound("browser").into())
        }
    }

    /// Tells one of the caller's browsers, or all, that notifications arrive. Tried once.
    ///
    /// # Errors
    /// When the caller has no such browser or the store fails.
    pub async fn test(
        &self,
        caller: &Principal,
        request: &PushTestRequest,
    ) -> Result<Vec<PushDelivery>, PushError> {
        let mut to = store::push::of_user(&self.0.store, &caller.user.id).await?;
        if let Some(id) = &request.subscription_id {
            to.retain(|one| one.id == *id);
            if to.is_empty() {
                return Err(StoreError::NotFound("browser").into());
            }
        }
        if to.is_empty() {
            return Err(PushError::Nobody);
        }
        let at = Timestamp::now();
        let news = News {
            fact: format!("test:{}", fresh()),
            payload: PushPayload {
                kind: PushKind::Test,
                title: "Notifications arrive".into(),
                body: "This is the test that you asked for.".into(),
                link: "/settings".into(),
                tag: "test".into(),
                at,
            },
            approval: None,
            agent: None,
            not_before: at,
            expires_at: Timestamp(at.0 + TEST_MS),
        };
        let queued = store::push_log::queue(&self.0.store, &to, &news, None).await?;
        self.0.bell.notify_one();
        Ok(queued)
    }

    /// What was told to the caller's browsers, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn deliveries(
        &self,
        caller: &Principal,
        before: Option<&str>,
        limit: i64,
    ) -> Result<Vec<PushDelivery>, PushError> {
        Ok(store::push_log::list(&self.0.store, &caller.user.id, before, limit).await?)
    }
}

fn view(row: SubscriptionRow, device: Option<&str>) -> PushSubscription {
    let url = reqwest::Url::parse(&row.endpoint).ok();
    PushSubscription {
        id: row.id,
        label: row.label,
        service: url
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default(),
        kinds: row.kinds,
        current: row.device_id.as_deref() == device,
        created_at: row.created_at,
        last_sent_at: row.last_sent_at,
    }
}

/// Push services want somebody to turn to, and one of them refuses names of this machine.
fn contact(configured: &str, page: &str) -> String {
    match configured {
        "" if page.starts_with("https://") => page.to_owned(),
        "" => "mailto:nobody@example.org".to_owned(),
        text => text.to_owned(),
    }
}
