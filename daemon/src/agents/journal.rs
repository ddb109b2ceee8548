//! The file in which a CLI without a prompt hook keeps what it was told: read as it grows,
//! each entry under the key of its place, so that reading it again changes nothing.

use super::adapter::Adapter;
use super::{AgentError, Agents};
use crate::model::evidence::Source;
use crate::model::ids::AgentId;
use orchestra_protocol::time::Timestamp;

/// How far a journal was read.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::agents) struct Place {
    /// Size at the last look; an entry may be half written while it changes.
    seen: u64,
    read: u64,
}

impl Agents {
    /// Takes what is new in an agent's journal, once it stopped growing, or at once when
    /// it is known to be `whole`.
    ///
    /// # Errors
    /// When the store fails. A file that is not there says nothing.
    pub(in crate::agents) async fn read_journal(
        &self,
        id: &AgentId,
        adapter: &dyn Adapter,
        whole: bool,
    ) -> Result<(), AgentError> {
        let Some(name) = adapter.journal() else {
            return Ok(());
        };
        let dir = self.config.paths.agent_dir(id.as_str());
        let Ok(meta) = tokio::fs::metadata(dir.join(name)).await else {
            return Ok(());
        };
        let size = meta.len();
        let from = self.with_live(id, |live| {
            let place = &mut live.journal;
            let still = place.seen == size;
            place.seen = size;
            // A shorter one was begun anew.
            place.read = if size < place.read { 0 } else { place.read };
            (place.read < size && (still || whole)).then_some(place.read)
        });
        let Some(Some(from)) = from else {
            return Ok(());
        };
        let Ok(bytes) = tokio::fs::read(dir.join(name)).await else {
            return Ok(());
        };
        let start = usize::try_from(from).unwrap_or(usize::MAX).min(bytes.len());
        let text = String::from_utf8_lossy(&bytes[start..]).into_owned();
        for (at, facts) in adapter.read_journal(&dir, &text) {
            let key = format!("journal:{}", from + at as u64);
            self.take_facts(id, Source::Transcript, &key, Timestamp::now(), &facts)
                .await?;
        }
        let read = bytes.len() as u64;
        self.with_live(id, |live| live.journal.read = read);
        Ok(())
    }
}
