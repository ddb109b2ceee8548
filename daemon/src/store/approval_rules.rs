//! Rules that people made from their answers.

use super::{Store, StoreError};
use orchestra_protocol::approval::ApprovalRule;
use orchestra_protocol::time::Timestamp;
use sqlx::{FromRow, Sqlite, Transaction};

#[derive(Debug, FromRow)]
struct Row {
    id: String,
    owner: String,
    cwd: String,
    rule: String,
    made_by: String,
    approval_id: String,
    created_at: i64,
}

impl Row {
    fn read(self) -> ApprovalRule {
        ApprovalRule {
            id: self.id,
            owner: self.owner,
            cwd: self.cwd,
            rule: self.rule,
            made_by: self.made_by,
            approval_id: self.approval_id,
            created_at: Timestamp(self.created_at),
        }
    }
}

/// Stores a rule in the transaction of the answer that makes it; the same one again is
/// no other.
pub(in crate::store) async fn insert_in(
    tx: &mut Transaction<'_, Sqlite>,
    rule: &ApprovalRule,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO approval_rules (id, owner, cwd, rule, made_by, approval_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(&rule.id)
    .bind(&rule.owner)
    .bind(&rule.cwd)
    .bind(&rule.rule)
    .bind(&rule.made_by)
    .bind(&rule.approval_id)
    .bind(rule.created_at.0)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Rules of one owner, or of all; newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(store: &Store, owner: Option<&str>) -> Result<Vec<ApprovalRule>, StoreError> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM approval_rules WHERE $1 IS NULL OR owner = $1 ORDER BY id DESC",
    )
    .bind(owner)
    .fetch_all(store.reader())
    .await?;
    Ok(rows.into_iter().map(Row::read).collect())
}

/// One rule.
///
/// # Errors
/// `NotFound` when there is none of that id.
pub async fn get(store: &Store, id: &str) -> Result<ApprovalRule, StoreError> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM approval_rules WHERE id = $1")
        .bind(id)
        .fetch_optional(store.writer())
        .await?;
    Ok(row.ok_or(StoreError::NotFound("rule"))?.read())
}

/// Forgets a rule; from now on its questions go to a person.
///
/// # Errors
/// When the database fails.
pub async fn remove(store: &Store, id: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM approval_rules WHERE id = $1")
        .bind(id)
        .execute(store.writer())
        .await?;
    Ok(())
}
