//! The web side: routes, socket, assets. Knows status codes; decides nothing.

pub mod problem;

use crate::audit::Audit;
use crate::auth::Auth;
use crate::config::Config;
use crate::events::Events;
use crate::store::Store;
use axum::extract::FromRef;
use std::sync::Arc;

/// What handlers may use; cheap to clone.
#[derive(Clone, FromRef)]
pub struct AppState {
    pub config: Arc<Config>,
    pub store: Store,
    pub events: Events,
    pub auth: Auth,
    pub audit: Audit,
}
