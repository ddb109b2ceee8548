//! Changes of the configuration file: one setting, or all of it in an editor.

use super::{Place, faults_of, unknown, wrong};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::config::edit::{Draft, EditError, replace};
use crate::config::fault::Fault;
use crate::config::{self, keys, layers};
use crate::model::rules::Rule;
use std::io::{IsTerminal, Write};
use std::process::Command;
use toml::Value;
use toml_edit::Key;

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Unknown(key) => unknown(&key),
            error => Self::Failed(format!(
                "{}; nothing was changed",
                output::plain(&error.to_string())
            )),
        }
    }
}

/// Sets a key in the file.
pub(super) fn set(place: &Place, key: &str, text: &str) -> Result<(), Failure> {
    let value = typed(key, text)?;
    let mut draft = Draft::open(place.file())?;
    draft.set(key, &value)?;
    draft.save()?;
    told(place, key, Some(&value));
    Ok(())
}

/// Takes a key out of the file.
pub(super) fn unset(place: &Place, key: &str) -> Result<(), Failure> {
    let mut draft = Draft::open(place.file())?;
    if !draft.unset(key) {
        let text = format!("{} does not set {key}", place.file().display());
        return Err(Failure::Failed(text));
    }
    draft.save()?;
    told(place, key, None);
    Ok(())
}

/// A value of the type that the key has.
pub(super) fn typed(key: &str, text: &str) -> Result<Value, Failure> {
    let steps = Key::parse(key).map_err(|_| unknown(key))?;
    let steps: Vec<&str> = steps.iter().map(Key::get).collect();
    let named =
        |value: Result<Value, String>| value.map_err(|why| Failure::Usage(format!("{key}: {why}")));
    let list = Value::Array(Vec::new());
    let word = Value::String(String::new());
    let value = match steps.as_slice() {
        ["kinds", _, "env" | "args"] => layers::parse_as(&list, text),
        ["kinds", _, "command" | "sessions"] => layers::parse_as(&word, text),
        ["prices", _] => layers::literal(text),
        ["specialists", ..] => Err("is a list of tables; orchestra config edit opens it".into()),
        _ => {
            let known = keys::find(key).ok_or_else(|| unknown(key))?;
            layers::parse_as(&known.default, text)
        }
    };
    let value = named(value)?;
    if key == "approvals.bypass_permissions" {
        for rule in value.as_array().into_iter().flatten() {
            let rule = Rule::parse(rule.as_str().unwrap_or_default());
            let rule = rule.map_err(|error| Failure::Usage(error.0))?;
            if let Some(warning) = rule.warning() {
                output::note(&output::plain(&warning));
            }
        }
    }
    Ok(value)
}

fn told(place: &Place, key: &str, value: Option<&Value>) {
    let file = place.file();
    // What counts may still be another source's.
    let now = place.layers().ok();
    let counts = now.as_ref().and_then(|layers| layers.provenance.get(key));
    if place.json {
        let origin = counts.map(ToString::to_string);
        let value = now.as_ref().and_then(|layers| layers.value(key));
        output::json(&serde_json::json!({ "key": key, "value": value, "origin": origin }));
        return;
    }
    let shown = file.display();
    output::line(&match value {
        Some(value) => format!("{key} = {} in {shown}", output::plain(&keys::shown(value))),
        None => format!("{key} is taken out of {shown}"),
    });
    match counts {
        Some(config::fault::Origin::Variable(name)) => {
            output::note(&format!("the variable {name} still goes before it"));
        }
        _ => output::note("a daemon that runs takes it at its next start"),
    }
}

/// Opens the file in the person's editor until what comes back stands.
pub(super) fn edit(place: &Place) -> Result<(), Failure> {
    let file = place.file();
    let before = config::read_optional(file)
        .map_err(|error| Failure::Failed(output::plain(&error.to_string())))?;
    let text = before.clone().unwrap_or_else(keys::template);
    let failed = |error| Failure::local("cannot write the file to edit", &error);
    let mut copy = tempfile::Builder::new()
        .prefix("orchestra-config")
        .suffix(".toml")
        .tempfile()
        .map_err(failed)?;
    copy.write_all(text.as_bytes()).map_err(failed)?;
    loop {
        open_editor(copy.path())?;
        let text = std::fs::read_to_string(copy.path())
            .map_err(|error| Failure::local("cannot read what was edited", &error))?;
        // Where there is no file, the defaults as they were offered change nothing either.
        if before.clone().unwrap_or_else(keys::template) == text {
            output::line("Nothing was changed.");
            return Ok(());
        }
        let faults = faults_of(file, &text);
        if faults.is_empty() {
            replace(file, before.as_deref(), &text)?;
            output::line(&format!("{} is written.", file.display()));
            output::note("a daemon that runs takes it at its next start");
            return Ok(());
        }
        if !again(&faults) {
            let (_, kept) = copy.keep().map_err(|error| failed(error.error))?;
            output::note(&format!(
                "nothing was changed; what you wrote is kept in {}",
                kept.display()
            ));
            return Err(wrong(&faults));
        }
    }
}

/// True when the person wants to go on editing.
fn again(faults: &[Fault]) -> bool {
    for fault in faults {
        output::note(&output::plain(&fault.to_string()));
    }
    if !std::io::stdin().is_terminal() {
        return false;
    }
    output::note("edit again? [Y/n]");
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok_and(|count| count > 0) && !answer.trim().to_lowercase().starts_with('n')
}

/// Runs the editor; its words are split at spaces, and no shell sees them.
fn open_editor(file: &std::path::Path) -> Result<(), Failure> {
    let environment = config::environment();
    let names = ["VISUAL", "EDITOR"];
    let named = names.iter().find_map(|name| environment.get(*name));
    let line = named.map_or("vi", String::as_str);
    let mut words = line.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let status = Command::new(program).args(words).arg(file).status();
    let status = status.map_err(|error| {
        Failure::Failed(format!(
            "the editor {program:?} does not start: {error}; set EDITOR to another"
        ))
    })?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure::Failed(format!(
            "the editor ended with {status}; nothing was changed"
        ))),
    }
}
