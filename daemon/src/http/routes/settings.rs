//! The daemon's settings: what counts, where that comes from, and changes for the next start.

use crate::auth::permission::Permission;
use crate::config::Config;
use crate::config::edit::{Draft, EditError};
use crate::config::fault::{Fault, Origin};
use crate::config::layers::{self, Layers};
use crate::config::listing::{self, Setting, changeable_from_afar};
use crate::config::{fault, keys};
use crate::http::AppState;
use crate::http::access;
use crate::http::audit_layer::AuditObject;
use crate::http::extract::{Caller, Json};
use crate::http::problem::Failure;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use orchestra_protocol::settings::{
    SettingChange, SettingFault, SettingOrigin, SettingShape, SettingView, SettingsView,
};
use std::sync::Arc;
use toml::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most letters of a value in the record.
const RECORDED: usize = 200;

/// The routes of this file.
pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show, change))
}

/// Every setting with its value, its source and its meaning.
#[utoipa::path(get, path = "/api/admin/settings", tag = "admin",
    responses((status = 200, body = SettingsView)))]
async fn show(
    State(state): State<AppState>,
    Caller(caller): Caller,
) -> Result<Json<SettingsView>, Failure> {
    access::may(&caller, Permission::SettingsManage)?;
    on_disk(&state.config, |config| Ok(view(config)))
        .await
        .map(Json)
}

/// Changes one setting in the file; the daemon takes it at its next start. Refused: what
/// would not stand, and what decides who gets in or which program runs.
#[utoipa::path(patch, path = "/api/admin/settings", tag = "admin", request_body = SettingChange,
    responses((status = 200, body = SettingsView)))]
async fn change(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Json(request): Json<SettingChange>,
) -> Result<Response, Failure> {
    access::may(&caller, Permission::SettingsManage)?;
    let SettingChange { key, value } = request;
    let said: String = value
        .as_deref()
        .unwrap_or("default")
        .chars()
        .take(RECORDED)
        .collect();
    let about = AuditObject(format!("setting={key} value={said}"));
    let view = on_disk(&state.config, move |config| {
        put(config, &key, value.as_deref())?;
        Ok(view(config))
    })
    .await?;
    Ok((axum::Extension(about), Json(view)).into_response())
}

/// Works with the file beside the requests of others.
async fn on_disk<T: Send + 'static>(
    config: &Arc<Config>,
    work: impl FnOnce(&Config) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let config = config.clone();
    let done = tokio::task::spawn_blocking(move || work(&config)).await;
    done.map_err(|error| Failure::internal(&error))?
}

fn put(config: &Config, key: &str, text: Option<&str>) -> Result<(), Failure> {
    let known = keys::find(key).ok_or_else(|| Failure::not_found("setting"))?;
    if !changeable_from_afar(key) {
        return Err(Failure::forbidden(format!(
            "{key} decides who gets in or what runs, so it is changed on the daemon's machine: orchestra config set {key} …"
        )));
    }
    if let Some(origin @ (Origin::Variable(_) | Origin::Flag(_))) = config.provenance.get(key) {
        return Err(Failure::conflict(
            "set_elsewhere",
            format!(
                "{origin} of the daemon's start sets {key} and goes before the file; change it there."
            ),
        ));
    }
    let mut draft = Draft::open(&config.paths.config_file)?;
    match text {
        Some(text) => {
            let value = layers::parse_as(&known.default, text);
            draft.set(
                key,
                &value.map_err(|why| Failure::invalid(format!("{key}: {why}.")))?,
            )?;
        }
        None if draft.unset(key) => {}
        None => return Ok(()),
    }
    Ok(draft.save()?)
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Faults(faults) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "would_not_stand",
                "The daemon would not start with this",
                format!("{}; nothing was changed.", fault::together(&faults)),
            ),
            EditError::Unknown(_) => Self::not_found("setting"),
            EditError::Value(why) => Self::invalid(why),
            EditError::Changed(_) => Self::conflict("changed", format!("{error}.")),
            EditError::Write { .. } | EditError::Read(_) => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "not_written",
                "The file could not be written",
                format!("{error}; nothing was changed. Mend it on the daemon's machine."),
            ),
        }
    }
}

fn view(config: &Config) -> SettingsView {
    let (next, faults) = match config.at_next_start() {
        Ok(layers) => (Some(layers), Vec::new()),
        Err(faults) => (None, faults),
    };
    let all = listing::all(&config.table, &config.provenance).into_iter();
    SettingsView {
        file: config.paths.config_file.display().to_string(),
        exists: config.paths.config_file.exists(),
        settings: all.map(|one| shown(one, next.as_ref())).collect(),
        faults: faults.iter().map(told).collect(),
    }
}

fn shown(one: Setting, next: Option<&Layers>) -> SettingView {
    let value = keys::shown(&one.value);
    let next = next.map(|next| next.value(&one.key).map(keys::shown).unwrap_or_default());
    SettingView {
        shape: shape(&one.value),
        next: next.filter(|next| *next != value),
        changeable: one.known.is_some()
            && changeable_from_afar(&one.key)
            && matches!(one.origin, Origin::Default | Origin::File { .. }),
        default: one.known.as_ref().map(|known| keys::shown(&known.default)),
        about: one.known.map(|known| known.about),
        origin: origin(&one.origin),
        key: one.key,
        value,
    }
}

fn shape(value: &Value) -> SettingShape {
    match value {
        Value::String(_) | Value::Datetime(_) => SettingShape::Text,
        Value::Integer(_) => SettingShape::Integer,
        Value::Float(_) => SettingShape::Number,
        Value::Boolean(_) => SettingShape::Switch,
        Value::Array(_) => SettingShape::List,
        Value::Table(_) => SettingShape::Table,
    }
}

fn origin(from: &Origin) -> SettingOrigin {
    match from {
        Origin::Default => SettingOrigin::Default,
        Origin::File { line, .. } => SettingOrigin::File {
            line: line.and_then(|line| u32::try_from(line).ok()),
        },
        Origin::Variable(name) => SettingOrigin::Variable { name: name.clone() },
        Origin::Flag(name) => SettingOrigin::Flag { name: name.clone() },
    }
}

fn told(fault: &Fault) -> SettingFault {
    SettingFault {
        place: fault.origin.to_string(),
        key: fault.key.clone(),
        message: fault.message.clone(),
    }
}
