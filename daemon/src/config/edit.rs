//! Changes the configuration file and keeps everything else in it: comments, order,
//! blank lines. What would not stand never replaces it.

use super::fault::{Fault, Origin};
use super::{ConfigError, Flags, layers, read_optional};
use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use toml::Value;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Key, Table};

/// A configuration file with changes that nobody else sees yet.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    before: Option<String>,
    document: DocumentMut,
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error("{}", super::fault::together(.0))]
    Faults(Vec<Fault>),
    #[error("there is no setting {0}; orchestra config show lists them")]
    Unknown(String),
    #[error("{0}")]
    Value(String),
    #[error("cannot write {}: {error}", path.display())]
    Write {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{} was changed meanwhile; nothing of it was replaced, try again", .0.display())]
    Changed(PathBuf),
    #[error(transparent)]
    Read(#[from] ConfigError),
}

impl Draft {
    /// Reads the file; an empty draft when there is none.
    ///
    /// # Errors
    /// When it cannot be read or is no TOML.
    pub fn open(path: &Path) -> Result<Self, EditError> {
        let before = read_optional(path)?;
        let document = before.as_deref().unwrap_or_default().parse();
        let document = document.map_err(|error: toml_edit::TomlError| {
            // Once more with line and key.
            let faults = faults(path, before.as_deref().unwrap_or_default());
            let other = || {
                vec![Fault {
                    origin: Origin::File {
                        path: path.to_owned(),
                        line: None,
                    },
                    key: None,
                    message: error.message().to_owned(),
                }]
            };
            EditError::Faults(if faults.is_empty() { other() } else { faults })
        })?;
        Ok(Self {
            path: path.to_owned(),
            before,
            document,
        })
    }

    /// True when the file itself sets that key.
    pub fn sets(&self, key: &str) -> bool {
        let Ok(steps) = Key::parse(key) else {
            return false;
        };
        let mut item = Some(self.document.as_item());
        for step in &steps {
            item = item.and_then(|item| item.get(step.get()));
        }
        item.is_some_and(|item| !item.is_none())
    }

    /// Sets a key.
    ///
    /// # Errors
    /// When a part of the key holds a value already, and no table.
    pub fn set(&mut self, key: &str, value: &Value) -> Result<(), EditError> {
        let steps = Key::parse(key).map_err(|_| EditError::Unknown(key.to_owned()))?;
        let Some((last, path)) = steps.split_last() else {
            return Err(EditError::Unknown(key.to_owned()));
        };
        let mut table: &mut dyn toml_edit::TableLike = self.document.as_table_mut();
        for step in path {
            let inner = table.entry(step.get()).or_insert_with(|| {
                let mut section = Table::new();
                // A table that only holds tables needs no line of its own.
                section.set_implicit(true);
                Item::Table(section)
            });
            table = inner
                .as_table_like_mut()
                .ok_or_else(|| EditError::Value(format!("{key}: {} is no table", step.get())))?;
        }
        let mut new = edited(value);
        match table.get_mut(last.get()) {
            Some(Item::Value(old)) => {
                // The comment behind the value stays.
                *new.decor_mut() = old.decor().clone();
                *old = new;
            }
            _ => {
                table.insert(last.get(), Item::Value(new));
            }
        }
        Ok(())
    }

    /// Takes a key out; the default counts again. False when it was not there.
    pub fn unset(&mut self, key: &str) -> bool {
        let Ok(steps) = Key::parse(key) else {
            return false;
        };
        let Some((last, path)) = steps.split_last() else {
            return false;
        };
        let mut item = self.document.as_item_mut();
        for step in path {
            match item.get_mut(step.get()) {
                Some(inner) => item = inner,
                None => return false,
            }
        }
        let table = item.as_table_like_mut();
        table.is_some_and(|table| table.remove(last.get()).is_some())
    }

    /// Replaces the file, all at once.
    ///
    /// # Errors
    /// When it would not stand, was changed meanwhile, or cannot be written.
    pub fn save(&self) -> Result<(), EditError> {
        replace(
            &self.path,
            self.before.as_deref(),
            &self.document.to_string(),
        )
    }
}

/// What is wrong with a file's text by itself: variables and flags are left out.
pub fn faults(path: &Path, text: &str) -> Vec<Fault> {
    let read = layers::read(&Flags::default(), &BTreeMap::new(), path, Some(text));
    read.err().unwrap_or_default()
}

/// Replaces the file at `path`, which still has to hold `before`, when `text` stands.
///
/// # Errors
/// When it would not stand, was changed meanwhile, or cannot be written.
pub fn replace(path: &Path, before: Option<&str>, text: &str) -> Result<(), EditError> {
    let wrong = faults(path, text);
    if !wrong.is_empty() {
        return Err(EditError::Faults(wrong));
    }
    if read_optional(path)?.as_deref() != before {
        return Err(EditError::Changed(path.to_owned()));
    }
    let write = || -> std::io::Result<()> {
        // A link stays one: what it points at is replaced.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let folder = target.parent().unwrap_or(Path::new("."));
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        let mode = std::fs::metadata(&target).map_or(0o600, |meta| meta.mode() & 0o777);
        let mut file = tempfile::Builder::new()
            .prefix(".config")
            .suffix(".toml")
            .tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file()
            .set_permissions(std::fs::Permissions::from_mode(mode))?;
        file.as_file().sync_all()?;
        file.persist(&target).map_err(|error| error.error)?;
        std::fs::File::open(folder)?.sync_all()
    };
    write().map_err(|error| EditError::Write {
        path: path.to_owned(),
        error,
    })
}

fn edited(value: &Value) -> toml_edit::Value {
    match value {
        Value::String(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Datetime(time) => (*time).into(),
        Value::Array(items) => items.iter().map(edited).collect::<Array>().into(),
        Value::Table(table) => {
            let pairs = table
                .iter()
                .map(|(key, value)| (key.as_str(), edited(value)));
            pairs.collect::<InlineTable>().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn a_change_keeps_all_the_rest() {
        let text = "# mine\n\n[limits] # few\ndepth = 5 # deep\n# last\n";
        let (_folder, path) = file(text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let mut draft = Draft::open(&path).unwrap();
        assert!(draft.sets("limits.depth") && !draft.sets("limits.live_agents"));
        draft.set("limits.depth", &Value::Integer(7)).unwrap();
        draft
            .set("server.hosts", &layers::literal("[\"a\", \"b\"]").unwrap())
            .unwrap();
        draft
            .set(
                "prices.\"gpt-5.4\"",
                &layers::literal("[1, 2, 3, 4]").unwrap(),
            )
            .unwrap();
        draft.save().unwrap();
        let now = std::fs::read_to_string(&path).unwrap();
        assert!(
            now.starts_with("# mine\n\n[limits] # few\ndepth = 7 # deep\n"),
            "{now}"
        );
        assert!(now.contains("[server]\nhosts = [\"a\", \"b\"]\n"), "{now}");
        assert!(
            now.contains("[prices]\n\"gpt-5.4\" = [1, 2, 3, 4]\n"),
            "{now}"
        );
        assert!(now.contains("# last\n"), "{now}");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
        assert!(draft.unset("server.hosts") && !draft.unset("server.hosts"));
        assert!(matches!(draft.save(), Err(EditError::Changed(_))));
    }

    #[test]
    fn what_does_not_stand_is_not_written() {
        let (_folder, path) = file("[limits]\ndepth = 5\n");
        let mut draft = Draft::open(&path).unwrap();
        draft.set("limits.deep", &Value::Integer(1)).unwrap();
        let error = draft.save().unwrap_err().to_string();
        assert!(
            error.contains("config.toml:3: limits.deep: unknown"),
            "{error}"
        );
        assert!(draft.set("limits.depth.x", &Value::Integer(1)).is_err());
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "[limits]\ndepth = 5\n"
        );
        let (_folder, broken) = file("[limits\n");
        let error = Draft::open(&broken).unwrap_err().to_string();
        assert!(error.contains("config.toml:1"), "{error}");
    }

    #[test]
    fn a_link_stays_and_a_new_file_is_private() {
        let (folder, path) = file("");
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let mut draft = Draft::open(&link).unwrap();
        draft.set("limits.depth", &Value::Integer(2)).unwrap();
        draft.save().unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert!(
            std::fs::read_to_string(&path)
                .unwrap()
                .contains("depth = 2")
        );
        let fresh = folder.path().join("new/config.toml");
        let mut draft = Draft::open(&fresh).unwrap();
        draft.set("limits.depth", &Value::Integer(2)).unwrap();
        draft.save().unwrap();
        assert_eq!(std::fs::metadata(&fresh).unwrap().mode() & 0o777, 0o600);
    }
}
