//! `orchestra config`: what is set, where that comes from, and how to change it. Needs no
//! daemon.

mod change;
mod import;

use super::failure::Failure;
use super::output::{self, Tone};
use crate::config::fault::{Fault, Origin};
use crate::config::layers::{self, Layers};
use crate::config::paths::Paths;
use crate::config::{self, Flags, edit, keys, listing};
use crate::model::rules::Rule;
use clap::{Args, Subcommand};
use orchestra_protocol::problem::Problem;
use std::path::{Path, PathBuf};

/// Shows and changes the settings of the daemon on this machine.
#[derive(Debug, Args)]
#[command(after_help = "Examples: orchestra config show limits
          orchestra config set limits.depth 5
          orchestra config import --dry-run")]
pub struct ConfigArgs {
    #[command(subcommand)]
    pub action: Action,
    /// Configuration; default: ~/.config/orchestra/config.toml.
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Prints JSON, one value on a line.
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Every setting, its value and where that comes from.
    Show {
        /// Those that begin so.
        prefix: Option<String>,
    },
    /// The value of one setting.
    Get { key: String },
    /// Changes one setting in the file.
    Set {
        /// Such as limits.depth.
        key: String,
        /// A list is separated by commas, or written as in TOML.
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Takes one setting out of the file, so that its default counts again.
    Unset { key: String },
    /// Opens the file in $VISUAL or $EDITOR, and takes what comes back when it stands.
    Edit,
    /// Looks for mistakes in the file and in variables.
    Validate,
    /// Where the file is.
    Path,
    /// Takes over the JSON settings of claude-orchestra.
    Import(import::ImportArgs),
}

/// What every action needs.
struct Place {
    paths: Paths,
    flags: Flags,
    json: bool,
}

/// Runs one action.
///
/// # Errors
/// When the configuration is wrong, a key is unknown, or the file cannot be written.
pub fn run(args: ConfigArgs) -> Result<(), Failure> {
    let flags = Flags {
        config: args.config,
        ..Flags::default()
    };
    let paths = Paths::locate(&flags).map_err(|error| Failure::Usage(error.to_string()))?;
    let place = Place {
        paths,
        flags,
        json: args.json,
    };
    match args.action {
        Action::Show { prefix } => show(&place, prefix.as_deref().unwrap_or_default()),
        Action::Get { key } => get(&place, &key),
        Action::Set { key, value } => change::set(&place, &key, &value),
        Action::Unset { key } => change::unset(&place, &key),
        Action::Edit => change::edit(&place),
        Action::Validate => validate(&place),
        Action::Path => {
            let file = &place.paths.config_file;
            if place.json {
                output::json(&serde_json::json!({ "path": file, "exists": file.exists() }));
            } else {
                output::line(&file.display().to_string());
            }
            Ok(())
        }
        Action::Import(args) => import::run(&place, &args),
    }
}

impl Place {
    fn file(&self) -> &Path {
        &self.paths.config_file
    }

    /// What the daemon would read now.
    fn layers(&self) -> Result<Layers, Vec<Fault>> {
        self.layers_with(&self.flags)
    }

    fn layers_with(&self, flags: &Flags) -> Result<Layers, Vec<Fault>> {
        layers::of_now(flags, &config::environment(), self.file())
    }

    /// The same, also of a file that is still to be made.
    fn future_layers(&self) -> Result<Layers, Failure> {
        self.layers_with(&Flags::default())
            .map_err(|faults| wrong(&faults))
    }

    fn sound_layers(&self) -> Result<Layers, Failure> {
        self.layers().map_err(|faults| wrong(&faults))
    }
}

/// One setting as `show` and `get` tell it.
#[derive(serde::Serialize)]
struct Setting {
    key: String,
    value: toml::Value,
    origin: String,
    about: Option<String>,
}

fn settings(layers: &Layers) -> Vec<Setting> {
    let all = listing::all(&layers.table, &layers.provenance).into_iter();
    all.map(|one| Setting {
        key: one.key,
        value: one.value,
        origin: one.origin.to_string(),
        about: one.known.map(|known| known.about),
    })
    .collect()
}

fn show(place: &Place, prefix: &str) -> Result<(), Failure> {
    let layers = place.sound_layers()?;
    let mut all = settings(&layers);
    all.retain(|one| one.key.starts_with(prefix));
    if all.is_empty() {
        return Err(unknown(prefix));
    }
    if place.json {
        all.iter().for_each(output::json);
        return Ok(());
    }
    let row = |one: &Setting| {
        vec![
            one.key.clone(),
            one.origin.clone(),
            output::plain(&keys::shown(&one.value)),
        ]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    output::print_table(&["KEY", "FROM", "VALUE"], &rows, |row, column| {
        match (column, all[row].origin.as_str()) {
            (1, "default") => Tone::Dim,
            (1, _) => Tone::Busy,
            _ => Tone::Plain,
        }
    });
    Ok(())
}

fn get(place: &Place, key: &str) -> Result<(), Failure> {
    let layers = place.sound_layers()?;
    let all = settings(&layers);
    let found = all.iter().find(|one| one.key == key);
    let one = found.ok_or_else(|| unknown(key))?;
    if place.json {
        output::json(one);
    } else {
        output::line(&output::plain(&keys::shown(&one.value)));
    }
    Ok(())
}

fn validate(place: &Place) -> Result<(), Failure> {
    let faults = match place.layers() {
        Ok(layers) => {
            let faults = rule_faults(&layers);
            if faults.is_empty() {
                sound(place, &layers);
                return Ok(());
            }
            faults
        }
        Err(faults) => faults,
    };
    for fault in &faults {
        if place.json {
            output::json(&fault.json());
        } else {
            output::line(&output::plain(&fault.to_string()));
        }
    }
    Err(Failure::Failed(match faults.len() {
        1 => "one mistake; orchestra config edit opens the file".into(),
        count => format!("{count} mistakes; orchestra config edit opens the file"),
    }))
}

fn sound(place: &Place, layers: &Layers) {
    let file = place.file();
    if place.json {
        output::json(&serde_json::json!({ "path": file, "exists": file.exists(), "ok": true }));
        return;
    }
    let shown = file.display();
    output::line(&match file.exists() {
        true => format!("{shown} is good."),
        false => format!("There is no {shown}; the defaults count."),
    });
    for rule in &layers.settings.approvals.bypass_permissions {
        if let Some(warning) = Rule::parse(rule).ok().and_then(|rule| rule.warning()) {
            output::note(&output::plain(&warning));
        }
    }
}

/// Rules for approvals that cannot be read.
fn rule_faults(layers: &Layers) -> Vec<Fault> {
    let key = "approvals.bypass_permissions";
    let origin = layers.provenance.get(key).unwrap_or(&Origin::Default);
    let rules = &layers.settings.approvals.bypass_permissions;
    let wrong = rules.iter().filter_map(|rule| Rule::parse(rule).err());
    wrong
        .map(|error| Fault {
            origin: origin.clone(),
            key: Some(key.to_owned()),
            message: error.0,
        })
        .collect()
}

/// What is wrong with a text that is to become the file.
fn faults_of(path: &Path, text: &str) -> Vec<Fault> {
    let faults = edit::faults(path, text);
    if !faults.is_empty() {
        return faults;
    }
    let none = std::collections::BTreeMap::new();
    match layers::read(&Flags::default(), &none, path, Some(text)) {
        Ok(layers) => rule_faults(&layers),
        Err(faults) => faults,
    }
}

fn wrong(faults: &[Fault]) -> Failure {
    Failure::Failed(output::plain(&config::fault::together(faults)))
}

fn unknown(key: &str) -> Failure {
    let last = key.rsplit('.').next().unwrap_or(key);
    let near = keys::all().into_iter().find(|known| {
        let own = known.name.rsplit('.').next().unwrap_or_default();
        !last.is_empty() && (own.contains(last) || last.contains(own))
    });
    let hint = near.map_or_else(
        || "orchestra config show lists them".to_owned(),
        |near| format!("did you mean {}?", near.name),
    );
    let detail = format!("there is no setting {key:?}; {hint}");
    Failure::Problem(Problem::new(404, "not_found", "Not found", detail))
}

#[cfg(test)]
mod tests;
