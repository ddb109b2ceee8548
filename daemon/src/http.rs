//! The web side: routes, socket, assets. Knows status codes; decides nothing.

pub mod audit_layer;
pub mod authenticate;
pub mod edge;
pub mod extract;
pub mod guard;
pub mod limits;
pub mod networks;
pub mod problem;
pub mod routes;
pub mod serve;
#[cfg(test)]
mod tests;

use crate::audit::Audit;
use crate::auth::Auth;
use crate::config::Config;
use crate::events::Events;
use crate::store::Store;
use axum::extract::FromRef;
use edge::Edge;
use std::sync::Arc;

/// What handlers may use; cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    pub config: Arc<Config>,
    pub store: Store,
    pub events: Events,
    pub auth: Auth,
    pub audit: Audit,
    pub edge: Edge,
}
