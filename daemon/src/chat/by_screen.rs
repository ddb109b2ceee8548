//! Receipts of CLIs that say nothing but what their screen shows: the text left the
//! composer, so it was taken; the screen has been idle for a while, so the turn is over.
//! The evidence is called `screen`, which is the weakest there is.

use super::{Chat, ChatError};
use crate::agents::adapter::Adapter;
use crate::model::evidence::{Evidence, Fact, Source};
use crate::store;
use crate::store::rows::{StoredAgent, StoredMessage};
use orchestra_protocol::agent::ActivityState;
use orchestra_protocol::time::Timestamp;
use std::time::Duration;

/// How long a screen has to look idle before a turn counts as over.
const QUIET: i64 = 1_500;
/// How often that is looked at.
const LOOK: Duration = Duration::from_millis(500);

impl Chat {
    /// Notes that the text left the composer.
    pub(in crate::chat) async fn taken_by_screen(
        &self,
        agent: &StoredAgent,
        adapter: &dyn Adapter,
        message: &StoredMessage,
    ) -> Result<(), ChatError> {
        let text = Self::composed(adapter, message);
        self.shown(agent, message, "taken", Fact::PromptAccepted { text })
            .await
    }

    /// Notes that the turn is over, once the screen has looked idle long enough.
    pub(in crate::chat) async fn end_by_screen(
        &self,
        agent: &StoredAgent,
        message: &StoredMessage,
    ) -> Result<Duration, ChatError> {
        let (now, activity) = (Timestamp::now(), &agent.view.activity);
        let quiet = now.since(activity.since) > QUIET && now.since(message.view.updated_at) > QUIET;
        if activity.state != ActivityState::Idle || !quiet {
            return Ok(LOOK);
        }
        self.shown(agent, message, "over", Fact::TurnEnded { text: None })
            .await?;
        Ok(Duration::ZERO)
    }

    /// Notes that the conversation was emptied, as the message asked for.
    pub(in crate::chat) async fn emptied_by_screen(
        &self,
        agent: &StoredAgent,
        message: &StoredMessage,
    ) -> Result<(), ChatError> {
        let fact = Fact::SessionBound {
            cli_session: agent.cli_session.clone().unwrap_or_default(),
            transcript: agent.transcript.clone(),
            cleared: true,
        };
        self.shown(agent, message, "emptied", fact).await
    }

    /// Under a key of the message's step, so that another daemon does not say it twice, and
    /// one that is sent again is taken again.
    async fn shown(
        &self,
        agent: &StoredAgent,
        message: &StoredMessage,
        what: &str,
        fact: Fact,
    ) -> Result<(), ChatError> {
        let step = message.view.updated_at.0;
        let key = format!("screen:{}:{step}:{what}", message.view.id);
        let fact = Evidence {
            fact,
            source: Source::Screen,
        };
        store::evidence::insert(&self.store, &agent.id, &key, &[fact], Timestamp::now()).await?;
        Ok(())
    }
}
