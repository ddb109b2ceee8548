//! Where an agent may work: beneath the configured roots, never in our own folders.

use crate::config::Config;
use crate::model::limits::Invalid;
use std::path::PathBuf;

/// Resolves and checks a working folder.
///
/// # Errors
/// Says what is wrong with the path and what would be right.
pub fn check(config: &Config, asked: &str) -> Result<PathBuf, Invalid> {
    let wrong = |what: String| Err(Invalid(format!("cwd {what}")));
    if asked.contains('\0') || asked.len() > 4096 {
        return wrong("is not a path".into());
    }
    let path = config.paths.expand(asked);
    if !path.is_absolute() {
        return wrong(format!(
            "{asked:?} is relative; give the whole path, or one that begins with ~/"
        ));
    }
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return wrong(format!("{asked:?} does not exist; make the folder first"));
        }
        Err(error) => return wrong(format!("{asked:?} cannot be used: {error}")),
    };
    if !real.is_dir() {
        return wrong(format!("{asked:?} is a file; give a folder"));
    }
    let roots = config.roots();
    if !roots.iter().any(|root| real.starts_with(root)) {
        let list: Vec<_> = roots
            .iter()
            .map(|root| root.display().to_string())
            .collect();
        return wrong(format!(
            "{asked:?} is outside the project roots ({}); choose a folder beneath one, or add it to \
             projects.roots",
            list.join(", ")
        ));
    }
    if config.forbidden().iter().any(|ours| real.starts_with(ours)) {
        return wrong(format!(
            "{asked:?} belongs to Orchestra itself; choose another"
        ));
    }
    Ok(real)
}
