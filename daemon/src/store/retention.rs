//! What is forgotten after its time: messages of agents that ended, and tasks that did.

use super::{Store, StoreError};
use orchestra_protocol::time::Timestamp;

/// Forgets messages of agents, and tasks with their attempts, that ended before `before`.
/// The agents themselves stay: other records name them.
///
/// # Errors
/// When the database fails; then nothing is forgotten.
pub async fn prune(store: &Store, before: Timestamp) -> Result<u64, StoreError> {
    let mut tx = store.begin().await?;
    let mut rows = 0;
    for statement in [
        "DELETE FROM messages WHERE created_at < $1 AND agent_id IN
             (SELECT id FROM agents WHERE ended_at IS NOT NULL AND ended_at < $1)",
        "DELETE FROM attempts WHERE task_id IN
             (SELECT id FROM tasks WHERE ended_at IS NOT NULL AND ended_at < $1)",
        "DELETE FROM tasks WHERE ended_at IS NOT NULL AND ended_at < $1",
    ] {
        let done = sqlx::query(statement).bind(before.0).execute(&mut *tx);
        rows += done.await?.rows_affected();
    }
    tx.commit().await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn count(store: &Store, table: &str) -> i64 {
        let statement = format!("SELECT COUNT(*) FROM {table}");
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(statement));
        count.fetch_one(store.reader()).await.unwrap()
    }

    #[tokio::test]
    async fn only_what_ended_long_ago_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let mut script = String::from(
            "INSERT INTO users (id, issuer, subject, name, created_at) VALUES ('u', 'i', 's', 'n', 0);",
        );
        // One ended long ago, one lately, one lives.
        for (id, ended) in [(1, "10"), (2, "1000"), (3, "NULL")] {
            script.push_str(&format!(
                "INSERT INTO agents (id, session_id, kind, name, title, role, owner, cwd, status, cols, rows,
                     activity, root, created_at, ended_at)
                 VALUES ('a-{id}', 's', 'shell', 'n', 't', 'r', 'u', '/', 's', 1, 1, '{{}}', 'a', 1, {ended});
                 INSERT INTO messages (id, agent_id, author, sender, owner, text, status, created_at, updated_at)
                 VALUES ('m-{id}', 'a-{id}', 'x', 'x', 'u', 't', 'answered', 5, 5);
                 INSERT INTO tasks (title, prompt, status, request, requested_by, owner, root, created_at,
                     updated_at, ended_at)
                 VALUES ('t', 'p', 's', '{{}}', 'u', 'u', 'r', 1, 1, {ended});
                 INSERT INTO attempts (task_id, number, status, started_at) VALUES ({id}, 1, 's', 1);"
            ));
        }
        sqlx::raw_sql(sqlx::AssertSqlSafe(script))
            .execute(store.writer())
            .await
            .unwrap();
        assert_eq!(prune(&store, Timestamp(100)).await.unwrap(), 3);
        for (table, left) in [
            ("messages", 2),
            ("attempts", 2),
            ("tasks", 2),
            ("agents", 3),
        ] {
            assert_eq!(count(&store, table).await, left, "{table}");
        }
    }
}
