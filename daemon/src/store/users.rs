//! Users: a row at the first sight of (issuer, subject).

use super::{Store, StoreError};
use crate::model::ids::{UserId, fresh};
use orchestra_protocol::time::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// One user.
#[derive(Debug, Clone)]
pub struct UserRow {
    pub id: UserId,
    pub issuer: String,
    pub subject: String,
    pub name: String,
    /// Only for users of the local issuer; an OIDC provider says it in the token.
    pub role: Option<String>,
    pub primary_agent: Option<String>,
    pub locked_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

fn read(row: &SqliteRow) -> Result<UserRow, StoreError> {
    Ok(UserRow {
        id: UserId(row.try_get("id")?),
        issuer: row.try_get("issuer")?,
        subject: row.try_get("subject")?,
        name: row.try_get("name")?,
        role: row.try_get("role")?,
        primary_agent: row.try_get("primary_agent")?,
        locked_at: row.try_get::<Option<i64>, _>("locked_at")?.map(Timestamp),
        created_at: Timestamp(row.try_get("created_at")?),
    })
}

/// The user of that issuer and subject, if it was seen before.
///
/// # Errors
/// When the database fails.
pub async fn find(
    store: &Store,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserRow>, StoreError> {
    let row = sqlx::query("SELECT * FROM users WHERE issuer = $1 AND subject = $2")
        .bind(issuer)
        .bind(subject)
        .fetch_optional(store.reader())
        .await?;
    row.as_ref().map(read).transpose()
}

/// The user with that id.
///
/// # Errors
/// `NotFound`, or when the database fails.
pub async fn get(store: &Store, id: &UserId) -> Result<UserRow, StoreError> {
    let row = sqlx::query("SELECT * FROM users WHERE id = $1")
        .bind(&id.0)
        .fetch_optional(store.reader())
        .await?
        .ok_or(StoreError::NotFound("user"))?;
    read(&row)
}

/// Everybody, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn all(store: &Store) -> Result<Vec<UserRow>, StoreError> {
    let rows = sqlx::query("SELECT * FROM users ORDER BY created_at, id")
        .fetch_all(store.reader())
        .await?;
    rows.iter().map(read).collect()
}

/// The user of that issuer and subject; made when it is seen for the first time. An
/// existing user keeps its role.
///
/// # Errors
/// When the database fails.
pub async fn seen(
    store: &Store,
    issuer: &str,
    subject: &str,
    name: &str,
    role: Option<&str>,
) -> Result<UserRow, StoreError> {
    if let Some(user) = find(store, issuer, subject).await? {
        return Ok(user);
    }
    let row = sqlx::query(
        "INSERT INTO users (id, issuer, subject, name, role, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (issuer, subject) DO UPDATE SET name = users.name RETURNING *",
    )
    .bind(fresh())
    .bind(issuer)
    .bind(subject)
    .bind(name)
    .bind(role)
    .bind(Timestamp::now().0)
    .fetch_one(store.writer())
    .await?;
    read(&row)
}

/// Gives a user of the local issuer another role.
///
/// # Errors
/// `NotFound`, or when the database fails.
pub async fn set_role(store: &Store, id: &UserId, role: &str) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE users SET role = $2 WHERE id = $1")
        .bind(&id.0)
        .bind(role)
        .execute(store.writer())
        .await?;
    one(done.rows_affected())
}

/// Locks a user out, or lets it in again.
///
/// # Errors
/// `NotFound`, or when the database fails.
pub async fn set_locked(store: &Store, id: &UserId, locked: bool) -> Result<(), StoreError> {
    let done = sqlx::query("UPDATE users SET locked_at = $2 WHERE id = $1")
        .bind(&id.0)
        .bind(locked.then(|| Timestamp::now().0))
        .execute(store.writer())
        .await?;
    one(done.rows_affected())
}

fn one(rows: u64) -> Result<(), StoreError> {
    (rows == 1)
        .then_some(())
        .ok_or(StoreError::NotFound("user"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_user_is_issuer_and_subject_and_keeps_its_primary() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let first = seen(&store, "a", "ann", "Ann", Some("admin"))
            .await
            .unwrap();
        let again = seen(&store, "a", "ann", "Other", Some("viewer"))
            .await
            .unwrap();
        let other = seen(&store, "b", "ann", "Ann", None).await.unwrap();
        assert_eq!(first.id, again.id);
        assert_eq!(again.role.as_deref(), Some("admin"));
        assert_ne!(
            first.id, other.id,
            "the same subject of another issuer is another user"
        );

        assert_eq!(
            crate::store::agent_ids::primary_of(&store, &first.id.0)
                .await
                .unwrap()
                .as_str(),
            "primary"
        );
        assert_eq!(
            crate::store::agent_ids::primary_of(&store, &other.id.0)
                .await
                .unwrap()
                .as_str(),
            "primary-002"
        );
        assert_eq!(
            crate::store::agent_ids::primary_of(&store, &first.id.0)
                .await
                .unwrap()
                .as_str(),
            "primary"
        );
        assert!(
            set_role(&store, &UserId("none".into()), "admin")
                .await
                .is_err()
        );
    }
}
