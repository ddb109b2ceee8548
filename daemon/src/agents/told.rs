//! What agents are known to do and to wait for, beyond the store.

use super::{Agents, Told};
use crate::model::evidence::Source;
use crate::model::ids::AgentId;
use orchestra_protocol::agent::{ActivityState, WaitingFor};
use orchestra_protocol::time::Timestamp;
use std::collections::HashMap;

impl Agents {
    /// True once the CLI said that it takes prompts: its conversation began, or, should
    /// that hook have been lost, its own status file has said idle for a while. Kinds
    /// that never say so are judged by their screen.
    pub fn bound(&self, id: &AgentId) -> bool {
        let now = Timestamp::now();
        self.with_live(id, |live| live.bound || live.signals.long_idle(now))
            .unwrap_or(false)
    }

    /// True when the CLI shows by itself that what it asked at that time is no longer open.
    pub fn waits_no_more(&self, id: &AgentId, asked: Timestamp) -> bool {
        self.with_live(id, |live| live.signals.waits_no_more(asked))
            .unwrap_or(false)
    }

    /// Notes for which living agents a hook waits for a person's word, and says so where
    /// that is not known, as after a restart.
    pub async fn set_asking(&self, asking: &HashMap<AgentId, WaitingFor>) {
        let unsaid: Vec<(AgentId, WaitingFor)> = {
            let mut live = self.live.lock();
            let mut unsaid = Vec::new();
            for (id, live) in live.iter_mut() {
                let waiting_for = asking.get(id);
                live.signals.set_asking(waiting_for.is_some());
                if let Some(waiting_for) = waiting_for
                    && !live.signals.hook_waits()
                {
                    unsaid.push((id.clone(), *waiting_for));
                }
            }
            unsaid
        };
        for (id, waiting_for) in unsaid {
            let told = Told {
                state: ActivityState::Waiting,
                waiting_for: Some(waiting_for),
            };
            self.tell(&id, Source::Hook, Some(told), "asks a person")
                .await;
        }
    }

    /// Notes that what the agent waited for was answered, so that it works again.
    pub async fn goes_on(&self, id: &AgentId) {
        let busy = Told::plain(ActivityState::Busy);
        self.with_live(id, |live| live.signals.set_asking(false));
        self.tell(id, Source::Hook, Some(busy), "was answered")
            .await;
    }

    /// True once something was heard of the agent in the life of this daemon: what the store
    /// says of its activity is fresh, or no better word is to be had.
    pub fn looked_at(&self, id: &AgentId) -> bool {
        let now = Timestamp::now();
        self.with_live(id, |live| live.signals.looked_at(now))
            .unwrap_or(true)
    }

    /// True once the CLI itself said anything, by hook, marker or status file.
    pub fn heard(&self, id: &AgentId) -> bool {
        self.with_live(id, |live| live.heard()).unwrap_or(false)
    }
}
