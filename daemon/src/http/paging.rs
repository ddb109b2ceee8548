//! Lists in pages, and POSTs that act once per key.

use super::problem::Failure;
use crate::store::Store;
use crate::store::idempotency::{self, Key, Known};
use axum::http::HeaderMap;
use axum::http::StatusCode;
use orchestra_protocol::event::Page;
use serde::Deserialize;
use sha2::{Digest, Sha256};

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 200;
const MAX_KEY: usize = 128;

/// Query of every list.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
    /// 1 to 200, default 50.
    pub limit: Option<i64>,
}

impl PageQuery {
    /// Items asked for.
    ///
    /// # Errors
    /// 400 outside 1 to 200.
    pub fn limit(&self) -> Result<i64, Failure> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if (1..=MAX_LIMIT).contains(&limit) {
            Ok(limit)
        } else {
            Err(Failure::invalid(format!(
                "limit is {limit}; it must lie between 1 and {MAX_LIMIT}"
            )))
        }
    }

    /// The cursor as a number.
    ///
    /// # Errors
    /// 400 when it is none.
    pub fn number(&self) -> Result<Option<i64>, Failure> {
        let read = |text: &String| {
            text.parse()
                .map_err(|_| Failure::invalid("cursor is not one that a page gave"))
        };
        self.cursor.as_ref().map(read).transpose()
    }
}

/// How far a list with filters of its own went, and how many items are asked for.
///
/// # Errors
/// 400 for a limit outside 1 to 200.
pub fn asked(cursor: Option<String>, limit: Option<i64>) -> Result<(Option<String>, i64), Failure> {
    let query = PageQuery { cursor, limit };
    let limit = query.limit()?;
    Ok((query.cursor, limit))
}

/// A page from one item more than was asked for.
pub fn page<T>(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> String) -> Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = if more { items.last().map(cursor) } else { None };
    Page { items, next_cursor }
}

/// One use of an `Idempotency-Key`.
pub struct Once {
    owner: String,
    route: &'static str,
    key: String,
    body_hash: String,
}

impl Once {
    /// Reads the header; none when it is absent.
    ///
    /// # Errors
    /// 400 when it is not printable ASCII of at most 128 characters.
    pub fn read(
        headers: &HeaderMap,
        owner: &str,
        route: &'static str,
        body: &impl serde::Serialize,
    ) -> Result<Option<Self>, Failure> {
        let Some(value) = headers.get("idempotency-key") else {
            return Ok(None);
        };
        let key = value.to_str().unwrap_or_default();
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(Failure::invalid(
                "Idempotency-Key must be 1 to 128 printable characters",
            ));
        }
        let body = serde_json::to_vec(body).map_err(|error| Failure::internal(&error))?;
        let hash = Sha256::digest(&body);
        Ok(Some(Self {
            owner: owner.to_owned(),
            route,
            key: key.to_owned(),
            body_hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }))
    }

    /// The key's own text.
    pub fn text(&self) -> &str {
        &self.key
    }

    /// The object that this key made before, if any.
    ///
    /// # Errors
    /// 409 when the key was used with another body.
    pub async fn known(&self, store: &Store) -> Result<Option<String>, Failure> {
        match idempotency::find(store, &self.key()).await? {
            Known::No => Ok(None),
            Known::Same(object) => Ok(Some(object)),
            Known::Different => Err(Failure::new(
                StatusCode::CONFLICT,
                "idempotency_mismatch",
                "The key was used for something else",
                "This Idempotency-Key came with another body before; make a new key.",
            )),
        }
    }

    /// Remembers what came of it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn remember(&self, store: &Store, object: &str) -> Result<(), Failure> {
        Ok(idempotency::remember(store, &self.key(), object).await?)
    }

    /// As the store takes it, to be kept in the transaction of what it makes.
    pub fn key(&self) -> Key<'_> {
        Key {
            owner: &self.owner,
            route: self.route,
            key: &self.key,
            body_hash: &self.body_hash,
        }
    }
}
