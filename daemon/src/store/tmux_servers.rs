//! Which tmux server an owner's agents are in.

use super::{Store, StoreError};

/// The name of an owner's server, kept from now on: `first` when nobody has one yet, else
/// `further`.
///
/// # Errors
/// When the database fails.
pub async fn of(
    store: &Store,
    owner: &str,
    first: &str,
    further: &str,
) -> Result<String, StoreError> {
    let kept = "INSERT INTO tmux_servers (owner_id, name)
        VALUES ($1, CASE WHEN EXISTS (SELECT 1 FROM tmux_servers) THEN $3 ELSE $2 END)
        ON CONFLICT (owner_id) DO UPDATE SET name = tmux_servers.name RETURNING name";
    let name = sqlx::query_scalar(kept)
        .bind(owner)
        .bind(first)
        .bind(further)
        .fetch_one(store.writer())
        .await?;
    Ok(name)
}
