//! Where an agent may work: beneath the configured roots, never in our own folders.

use crate::config::Config;
use crate::model::limits::Invalid;
use std::path::{Path, PathBuf};

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

/// Git's common folder of a working folder, if it is in a repository. Found by looking,
/// not by running git, because the tree may be hostile.
pub fn git_common_dir(cwd: &Path) -> Option<PathBuf> {
    for folder in cwd.ancestors() {
        let dot = folder.join(".git");
        if dot.is_dir() {
            return dot.canonicalize().ok();
        }
        if dot.is_file() {
            // A linked worktree: `gitdir: MAIN/.git/worktrees/NAME`.
            let text = std::fs::read_to_string(&dot).ok()?;
            let path = Path::new(text.strip_prefix("gitdir:")?.trim());
            let gitdir = folder.join(path).canonicalize().ok()?;
            // Git's own word that this worktree is its: the file here may be anybody's, and
            // what comes of it is a folder where an agent may write.
            let back = std::fs::read_to_string(gitdir.join("gitdir")).ok()?;
            if Path::new(back.trim()).canonicalize().ok()? != dot.canonicalize().ok()? {
                return None;
            }
            return gitdir.parent()?.parent().map(Path::to_path_buf);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::git_common_dir;

    #[test]
    fn a_worktree_counts_only_when_its_repository_says_so() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let (tree, git) = (root.join("tree"), root.join("main/.git"));
        let admin = git.join("worktrees/tree");
        for folder in [&tree, &admin] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(tree.join(".git"), format!("gitdir: {}\n", admin.display())).unwrap();
        assert_eq!(git_common_dir(&tree), None, "the file alone is no proof");
        let back = format!("{}\n", tree.join(".git").display());
        std::fs::write(admin.join("gitdir"), back).unwrap();
        assert_eq!(git_common_dir(&tree), Some(git));
    }
}
