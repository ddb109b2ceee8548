//! `orchestra config import`: the JSON settings of claude-orchestra become ours.

use super::Place;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::config::edit::Draft;
use crate::config::keys;
use crate::model::rules::Rule;
use clap::Args;
use orchestra_protocol::problem::Problem;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::net::SocketAddr;
use std::path::PathBuf;
use toml::Value;

/// Largest file that is read.
const MAX: u64 = 1024 * 1024;

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// Default: ~/.config/claude-orchestra/config.json.
    pub file: Option<PathBuf>,
    /// Only tells what would be taken.
    #[arg(long)]
    pub dry_run: bool,
    /// Also where a setting stands in the file already.
    #[arg(long)]
    pub overwrite: bool,
}

/// One setting that was taken.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Taken {
    from: String,
    pub key: &'static str,
    pub value: Value,
}

/// What became of a JSON file.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Import {
    pub taken: Vec<Taken>,
    /// Settings that stand in the file already and were kept.
    pub kept: Vec<Taken>,
    /// Keys that nobody knows.
    pub unknown: Vec<String>,
    /// What was left out, and what to think about.
    pub warnings: Vec<String>,
}

/// Reads the JSON and writes what it says.
pub(super) fn run(place: &Place, args: &ImportArgs) -> Result<(), Failure> {
    let beside = place.paths.config_dir.with_file_name("claude-orchestra");
    let file = args.file.clone();
    let file = file.unwrap_or_else(|| beside.join("config.json"));
    let json = read(&file)?;
    let layers = place.future_layers()?;
    let mut import = translate(&json, layers.settings.server.listen);
    let mut draft = Draft::open(place.file())?;
    if !args.overwrite {
        let (kept, taken) = import
            .taken
            .into_iter()
            .partition(|one| draft.sets(one.key));
        (import.kept, import.taken) = (kept, taken);
    }
    for one in &import.taken {
        draft.set(one.key, &one.value)?;
    }
    if !args.dry_run && !import.taken.is_empty() {
        draft.save()?;
    }
    if place.json {
        output::json(&import);
    } else {
        tell(place, args, &import);
    }
    Ok(())
}

fn read(file: &std::path::Path) -> Result<Map<String, Json>, Failure> {
    let shown = file.display();
    let meta = std::fs::metadata(file).map_err(|_| {
        let detail = format!("there is no {shown}; name another: orchestra config import FILE");
        Failure::Problem(Problem::new(404, "not_found", "Not found", detail))
    })?;
    if meta.len() > MAX {
        return Err(Failure::Failed(format!(
            "{shown} is too large for settings"
        )));
    }
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::local(&format!("cannot read {shown}"), &error))?;
    match serde_json::from_str(&text) {
        Ok(Json::Object(map)) => Ok(map),
        Ok(_) => Err(Failure::Failed(format!("{shown} holds no JSON object"))),
        Err(error) => Err(Failure::Failed(format!(
            "{shown}:{}: no JSON: {error}",
            error.line()
        ))),
    }
}

/// What a JSON object says, in our words.
pub(super) fn translate(json: &Map<String, Json>, listen: SocketAddr) -> Import {
    let mut import = Import::default();
    for (name, value) in json {
        let taken = match name.as_str() {
            "claude_projects_dir" => text(value).map(|value| ("kinds.claude.sessions", value)),
            "worktree_dir" => folder(value).map(|value| ("worktrees.folder", value)),
            "default_parallel" => {
                whole(value, 1, 50).map(|number| ("worktrees.parallel", number.into()))
            }
            "heartbeat_interval" => {
                whole(value, 1, 86_400).map(|number| ("transcripts.heartbeat_s", number.into()))
            }
            "bypass_permissions" => rules(value, &mut import.warnings)
                .map(|rules| ("approvals.bypass_permissions", rules)),
            "dashboard_port" => whole(value, 1, 65_535).map(|port| {
                let mut listen = listen;
                listen.set_port(u16::try_from(port).unwrap_or_default());
                ("server.listen", listen.to_string().into())
            }),
            _ => {
                import.unknown.push(name.clone());
                continue;
            }
        };
        match taken {
            Ok((key, value)) => import.taken.push(Taken {
                from: name.clone(),
                key,
                value,
            }),
            Err(why) => import.warnings.push(format!("{name} is left out: {why}")),
        }
    }
    import
}

fn text(value: &Json) -> Result<Value, String> {
    match value.as_str() {
        Some(text) if !text.is_empty() => Ok(text.into()),
        _ => Err(format!("{value} is no folder")),
    }
}

/// The name of a folder beneath each repository.
fn folder(value: &Json) -> Result<Value, String> {
    match value.as_str() {
        Some(text) if !text.is_empty() && !text.contains(['/', '~']) => Ok(text.into()),
        _ => Err(format!(
            "{value} is no plain name, and worktrees lie beneath each repository; see worktrees.folder"
        )),
    }
}

/// A number, rounded up to a whole one.
fn whole(value: &Json, least: i64, most: i64) -> Result<i64, String> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked below"
    )]
    let rounded = value.as_f64().map(|number| number.ceil() as i64);
    rounded
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("{value} is no number from {least} to {most}"))
}

/// Rules that can be read; of the others, why not.
fn rules(value: &Json, warnings: &mut Vec<String>) -> Result<Value, String> {
    let list = value
        .as_array()
        .ok_or_else(|| format!("{value} is no list of rules, such as [\"Bash(git *)\"]"))?;
    let mut taken = Vec::new();
    for one in list {
        let Some(text) = one.as_str() else {
            warnings.push(format!("{one} is no rule and is left out"));
            continue;
        };
        match Rule::parse(text) {
            Ok(rule) => {
                warnings.extend(rule.warning());
                taken.push(Value::String(rule.text().to_owned()));
            }
            Err(error) => warnings.push(format!("a rule is left out: {}", error.0)),
        }
    }
    Ok(Value::Array(taken))
}

fn tell(place: &Place, args: &ImportArgs, import: &Import) {
    for one in &import.taken {
        let value = output::plain(&keys::shown(&one.value));
        output::line(&format!("{} → {} = {value}", one.from, one.key));
    }
    for one in &import.kept {
        let value = output::plain(&keys::shown(&one.value));
        output::note(&format!(
            "{} is kept as it is set already; {} would make it {value}: say --overwrite",
            one.key, one.from
        ));
    }
    for warning in &import.warnings {
        output::note(&output::plain(warning));
    }
    if !import.unknown.is_empty() {
        let names = output::plain(&import.unknown.join(", "));
        output::note(&format!("not known, and left out: {names}"));
    }
    let file = place.file().display();
    output::line(&match (import.taken.len(), args.dry_run) {
        (0, _) => "Nothing was taken.".to_owned(),
        (count, true) => format!("{count} settings would go into {file}; nothing was written."),
        (count, false) => format!("{count} settings are in {file}."),
    });
}
