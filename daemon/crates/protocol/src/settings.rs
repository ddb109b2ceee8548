//! The daemon's settings as an admin sees and changes them.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

/// `GET /api/admin/settings`: every setting of the running daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SettingsView {
    /// The configuration file.
    pub file: String,
    pub exists: bool,
    /// In the order of the document.
    pub settings: Vec<SettingView>,
    /// What is wrong with the sources as they are now: the daemon would not start with them.
    pub faults: Vec<SettingFault>,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SettingView {
    /// Dotted, such as `limits.depth`.
    pub key: String,
    /// Its meaning; Markdown, on one line. None for names of the owner's.
    pub about: Option<String>,
    pub shape: SettingShape,
    /// What counts now: text as it is, a list or table as TOML.
    pub value: String,
    /// None for names of the owner's.
    pub default: Option<String>,
    pub origin: SettingOrigin,
    /// What will count at the next start, when that is another value.
    pub next: Option<String>,
    /// False: it can be changed on the daemon's machine only.
    pub changeable: bool,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettingShape {
    Text,
    /// A whole one.
    Integer,
    Number,
    /// `true` or `false`.
    Switch,
    List,
    Table,
}

/// Where a value comes from; what stands further down goes before what stands above.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum SettingOrigin {
    /// Built in.
    Default,
    /// A line of the configuration file, counted from 1.
    File { line: Option<u32> },
    /// A variable of the daemon's environment.
    Variable { name: String },
    /// A flag of the daemon's command line.
    Flag { name: String },
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
pub struct SettingFault {
    /// File and line, or a variable.
    pub place: String,
    pub key: Option<String>,
    pub message: String,
}

/// `PATCH /api/admin/settings`: changes one setting in the file, for the next start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingChange {
    pub key: String,
    /// As the command line takes it: a list is separated by commas. None: the default again.
    pub value: Option<String>,
}
