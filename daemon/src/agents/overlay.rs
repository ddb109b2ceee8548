//! A folder of the agent's that stands in for one of the user's: everything in there is
//! theirs, by links, but for the settings, which are theirs with ours laid over them.

use super::adapter::Overlay;
use super::launch::write_private;
use crate::config::{ConfigError, paths};
use serde_json::Value;
use std::path::Path;

/// Makes the folder, or brings it up to date for another start.
///
/// # Errors
/// When the user's settings are no JSON, or something cannot be read or made.
pub fn lay(dir: &Path, overlay: &Overlay) -> Result<(), ConfigError> {
    let folder = dir.join(&overlay.folder);
    if let Some(parent) = folder.parent() {
        paths::private_folder(parent)?;
    }
    paths::private_folder(&folder)?;
    let failed = |what: &Path, error: std::io::Error| {
        ConfigError::Folder(format!("cannot make {}: {error}", what.display()))
    };
    for name in overlay.kept {
        let theirs = overlay.of.join(name);
        std::fs::create_dir_all(&theirs).map_err(|error| failed(&theirs, error))?;
    }
    for entry in std::fs::read_dir(&overlay.of)
        .into_iter()
        .flatten()
        .flatten()
    {
        let (name, link) = (entry.file_name(), folder.join(entry.file_name()));
        // What is there is of an earlier start: the CLI may have put a file in its place.
        if name == overlay.settings || link.symlink_metadata().is_ok() {
            continue;
        }
        std::os::unix::fs::symlink(entry.path(), &link).map_err(|error| failed(&link, error))?;
    }
    let mut settings = theirs(&overlay.of.join(overlay.settings))?;
    merge(&mut settings, overlay.over.clone());
    let path = folder.join(overlay.settings);
    write_private(&path, settings.to_string().as_bytes())
}

fn theirs(path: &Path) -> Result<Value, ConfigError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Value::Null),
        Err(error) => {
            let text = format!("cannot read {}: {error}", path.display());
            return Err(ConfigError::Folder(text));
        }
    };
    serde_json::from_str(&plain(&text))
        .map_err(|error| ConfigError::Folder(format!("{} cannot be read: {error}", path.display())))
}

/// JSON without the comments that the CLIs allow in theirs.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = rest.next() {
        match (quoted, letter, rest.peek()) {
            (true, '\\', Some(_)) => {
                out.push(letter);
                out.extend(rest.next());
                continue;
            }
            (_, '"', _) => quoted = !quoted,
            (false, '/', Some('/')) => {
                while rest.next_if(|letter| *letter != '\n').is_some() {}
                continue;
            }
            (false, '/', Some('*')) => {
                rest.next();
                let mut last = ' ';
                for letter in rest.by_ref() {
                    if (last, letter) == ('*', '/') {
                        break;
                    }
                    last = letter;
                }
                continue;
            }
            _ => {}
        }
        out.push(letter);
    }
    out
}

/// Lays one value over another: tables key by key, lists behind each other.
fn merge(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                merge(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (Value::Array(below), Value::Array(above)) => below.extend(above),
        (below @ Value::String(_), Value::Array(mut above)) => {
            above.insert(0, below.take());
            *below = Value::Array(above);
        }
        (below, above) => *below = above,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ours_is_laid_over_theirs() {
        let mut theirs = json!({"a": {"b": 1, "c": [1]}, "name": "X.md", "d": 1});
        merge(
            &mut theirs,
            json!({"a": {"b": 2, "c": [2]}, "name": ["Y.md"], "e": 3}),
        );
        let laid = json!({"a": {"b": 2, "c": [1, 2]}, "name": ["X.md", "Y.md"], "d": 1, "e": 3});
        assert_eq!(theirs, laid);
    }

    #[test]
    fn comments_are_no_error_and_addresses_no_comments() {
        let text = "{ // one\n \"a\": \"http://x\", /* two */ \"b\": \"\\\"//\" }";
        let value: Value = serde_json::from_str(&plain(text)).unwrap();
        assert_eq!(value, json!({"a": "http://x", "b": "\"//"}));
    }

    #[test]
    fn the_folder_is_theirs_but_for_the_settings() {
        let place = tempfile::tempdir().unwrap();
        let (of, dir) = (place.path().join("theirs"), place.path().join("agent"));
        std::fs::create_dir_all(of.join("extensions")).unwrap();
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(of.join("settings.json"), r#"{"theme":"dark"}"#).unwrap();
        std::fs::write(of.join("login.json"), "secret").unwrap();
        let overlay = Overlay {
            folder: "home/.cli".into(),
            of: of.clone(),
            kept: &["tmp"],
            settings: "settings.json",
            over: json!({"hooks": {}}),
        };
        for _ in 0..2 {
            lay(&dir, &overlay).unwrap();
            let folder = dir.join("home/.cli");
            let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
            assert_eq!(read("login.json"), "secret");
            let settings: Value = serde_json::from_str(&read("settings.json")).unwrap();
            assert_eq!(settings, json!({"theme": "dark", "hooks": {}}));
            assert!(folder.join("tmp").is_dir() && folder.join("extensions").is_dir());
        }
        let own = std::fs::read_to_string(of.join("settings.json")).unwrap();
        assert_eq!(own, r#"{"theme":"dark"}"#);
    }
}
