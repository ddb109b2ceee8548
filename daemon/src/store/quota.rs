//! Until when an agent's quota is used up.

use super::{Store, StoreError};
use crate::model::ids::AgentId;
use orchestra_protocol::time::Timestamp;

/// Notes it, or that it is there again.
///
/// # Errors
/// When the database fails.
pub async fn set(store: &Store, id: &AgentId, until: Option<Timestamp>) -> Result<(), StoreError> {
    sqlx::query("UPDATE agents SET quota_until = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(until.map(|until| until.0))
        .execute(store.writer())
        .await?;
    Ok(())
}
