//! Where sessions lie: walks the CLIs' folders without following a link out of them.

use super::format::{self, Format, Place};
use super::lines::identity;
use crate::config::Config;
use sha2::{Digest, Sha256};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Most files that are listed; a folder with more is not one of sessions.
const MAX_FILES: usize = 200_000;

/// One CLI's folder of sessions.
#[derive(Clone)]
pub struct Root {
    pub format: &'static dyn Format,
    pub path: PathBuf,
}

/// A session file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub path: PathBuf,
    pub place: Place,
    pub inode: u64,
    pub size: u64,
    pub modified: i64,
}

/// The folders of every CLI, whether they are there or not.
pub fn roots(config: &Config) -> Vec<Root> {
    let own = |format: &dyn Format| format.root(&config.paths.home, &config.environment);
    let root = |format: &&'static dyn Format| Root {
        path: config
            .sessions_of(format.kind())
            .unwrap_or_else(|| own(*format)),
        format: *format,
    };
    format::all().iter().map(root).collect()
}

impl Root {
    /// Every session beneath it, and what could not be looked at.
    pub fn walk(&self, problems: &mut Vec<String>) -> Vec<Found> {
        let mut found = Vec::new();
        let mut open = vec![(self.path.clone(), 1)];
        while let Some((folder, depth)) = open.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => {
                    problems.push(format!("{} cannot be listed: {error}", folder.display()));
                    continue;
                }
            };
            for entry in entries.flatten() {
                let Ok(kind) = entry.file_type() else {
                    continue;
                };
                if kind.is_dir() && depth < self.format.depth() {
                    open.push((entry.path(), depth + 1));
                } else if kind.is_file()
                    && let Some(one) = self.look(&entry.path())
                {
                    found.push(one);
                }
            }
            if found.len() > MAX_FILES {
                problems.push(format!(
                    "{} holds more than {MAX_FILES} sessions; the rest is not listed",
                    self.path.display()
                ));
                break;
            }
        }
        found
    }

    /// One path, if a session of this CLI lies there.
    pub fn look(&self, path: &Path) -> Option<Found> {
        let place = self.format.place(path.strip_prefix(&self.path).ok()?)?;
        let meta = path
            .symlink_metadata()
            .ok()
            .filter(std::fs::Metadata::is_file)?;
        // Names that are no text could not be asked for.
        path.to_str()?;
        let (inode, size, modified) = identity(&meta);
        Some(Found {
            path: path.to_owned(),
            place,
            inode,
            size,
            modified,
        })
    }
}

/// The id of a file, from where it lies.
pub fn id_of(path: &Path) -> String {
    let hash = Sha256::digest(path.as_os_str().as_bytes());
    hash.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
