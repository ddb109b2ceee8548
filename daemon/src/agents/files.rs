//! Files that people drop for an agent: streamed into a folder of their own beneath the
//! agent's, under a name that is safe in every shell and was nobody's before.
//!
//! The tree belongs to the agent, which may be hostile: no link in it is followed, and
//! nothing that is there is written over.

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, linkat, unlinkat};
use orchestra_protocol::file::DroppedFile;
use std::fs::File;
use std::io::Write as _;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt as _;

/// Largest file, in bytes.
pub const MAX_FILE: usize = 32 * 1024 * 1024;
/// Longest name, in bytes.
const MAX_NAME: usize = 100;
/// Longest end of a name that stays when the rest is cut.
const MAX_END: usize = 12;
/// Names tried before it is given up: `a.png`, `a-2.png` …
const TRIES: u32 = 1000;
/// Where they lie, beneath the agent's folder. The inner folder is made second.
const FOLDERS: [&str; 2] = [".orchestra", "files"];
/// Git is told to look away, so that nobody commits what was dropped by mistake.
const IGNORE: &str = ".gitignore";

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("the agent's folder cannot be opened: it is gone, or a link stands in its way")]
    Folder,
    #[error("there are {TRIES} files of that name already; give it another")]
    Names,
    #[error("the disk is full")]
    Full,
    #[error("the file cannot be written: {0}")]
    Io(#[from] std::io::Error),
}

impl From<Errno> for FileError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::ENOSPC | Errno::EDQUOT => Self::Full,
            Errno::ELOOP | Errno::ENOENT | Errno::ENOTDIR | Errno::EXDEV => Self::Folder,
            other => Self::Io(other.into()),
        }
    }
}

/// A file on its way in. Dropped before `finish`, it leaves nothing.
pub struct Incoming {
    folder: OwnedFd,
    draft: String,
    name: String,
    file: tokio::fs::File,
    bytes: u64,
}

impl Incoming {
    /// Opens a draft in the folder of an agent that works in `cwd`.
    ///
    /// # Errors
    /// When the folder is not what it was when the agent started, or cannot be written.
    pub async fn open(cwd: PathBuf, asked: &str) -> Result<Self, FileError> {
        let name = safe_name(asked);
        let draft = format!(".part-{}", crate::model::ids::fresh());
        let opened = draft.clone();
        let work = move || -> Result<(OwnedFd, File), FileError> {
            let folder = folder(&cwd)?;
            let file = create(&folder, &opened)?;
            Ok((folder, file))
        };
        let (folder, file) = blocking(work).await?;
        Ok(Self {
            folder,
            draft,
            name,
            file: tokio::fs::File::from_std(file),
            bytes: 0,
        })
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).await.map_err(told)
    }

    /// Gives it its name; the bytes are on the disk by then.
    ///
    /// # Errors
    /// When the disk does not take it, or every name like it is taken.
    pub async fn finish(mut self) -> Result<DroppedFile, FileError> {
        self.file.flush().await.map_err(told)?;
        self.file.sync_all().await.map_err(told)?;
        for number in 1..=TRIES {
            let name = numbered(&self.name, number);
            // A link to the draft under a name that must be free, in one step.
            match linkat(
                &self.folder,
                self.draft.as_str(),
                &self.folder,
                name.as_str(),
                AtFlags::empty(),
            ) {
                Ok(()) => {
                    let path = format!("{}/{}/{name}", FOLDERS[0], FOLDERS[1]);
                    let bytes = self.bytes;
                    return Ok(DroppedFile { name, path, bytes });
                }
                Err(Errno::EEXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Err(FileError::Names)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // With its name it is there under that; without, nobody wants it.
        let _ = unlinkat(
            &self.folder,
            self.draft.as_str(),
            UnlinkatFlags::NoRemoveDir,
        );
    }
}

/// The place for dropped files beneath a working folder, made when it is missing.
fn folder(cwd: &Path) -> Result<OwnedFd, FileError> {
    // The folder was resolved when the agent started: a link in it now is somebody's trick.
    let mut here = open_folder(root()?.as_fd(), cwd.strip_prefix("/").unwrap_or(cwd))?;
    for (depth, name) in FOLDERS.into_iter().enumerate() {
        let made = match mkdirat(&here, name, Mode::from_bits_truncate(0o755)) {
            Ok(()) => true,
            Err(Errno::EEXIST) => false,
            Err(errno) => return Err(errno.into()),
        };
        here = open_folder(here.as_fd(), Path::new(name))?;
        if made && depth == 0 {
            let mut ignore = create(&here, IGNORE)?;
            ignore.write_all(b"*\n").map_err(told)?;
        }
    }
    Ok(here)
}

fn root() -> Result<OwnedFd, FileError> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    Ok(nix::fcntl::open("/", flags, Mode::empty())?)
}

fn open_folder(at: std::os::fd::BorrowedFd<'_>, path: &Path) -> Result<OwnedFd, FileError> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let resolve = ResolveFlag::RESOLVE_NO_SYMLINKS
        | ResolveFlag::RESOLVE_NO_MAGICLINKS
        | ResolveFlag::RESOLVE_BENEATH;
    let how = OpenHow::new().flags(flags).resolve(resolve);
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    Ok(openat2(at, path, how)?)
}

/// A new file, 0644 as an editor would make it.
fn create(folder: &OwnedFd, name: &str) -> Result<File, FileError> {
    let flags =
        OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Ok(openat(folder, name, flags, Mode::from_bits_truncate(0o644))?.into())
}

fn told(error: std::io::Error) -> FileError {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(errno @ (Errno::ENOSPC | Errno::EDQUOT)) => errno.into(),
        _ => FileError::Io(error),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(FileError::Io(std::io::Error::other(error))))
}

/// The last part of what was asked for, without anything that a shell, a path or a
/// terminal would take for more than a letter.
fn safe_name(asked: &str) -> String {
    let last = asked.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '_' | '-');
    let mut name = String::new();
    for letter in last.chars() {
        let letter = if plain(letter) { letter } else { '-' };
        // One dash for each run of what is left out.
        if !(letter == '-' && name.ends_with('-')) {
            name.push(letter);
        }
    }
    let name = name.trim_matches(['.', '-']);
    let (stem, end) = parts(name);
    let room = MAX_NAME - end.len();
    let mut stem = stem.to_owned();
    while stem.len() > room {
        stem.pop();
    }
    match stem.as_str() {
        "" => format!("file{end}"),
        _ => format!("{stem}{end}"),
    }
}

fn numbered(name: &str, number: u32) -> String {
    if number == 1 {
        return name.to_owned();
    }
    let (stem, end) = parts(name);
    format!("{stem}-{number}{end}")
}

/// `a.tar.gz` is `a.tar` and `.gz`; an end that is too long is none.
fn parts(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if name.len() - at <= MAX_END => name.split_at(at),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    async fn drop_file(cwd: &Path, name: &str, text: &[u8]) -> Result<DroppedFile, FileError> {
        let mut incoming = Incoming::open(cwd.to_owned(), name).await?;
        incoming.write(text).await?;
        incoming.finish().await
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::tempdir().unwrap();
        let cwd = place.path().canonicalize().unwrap();
        (place, cwd)
    }

    #[test]
    fn hostile_names_become_plain_ones() {
        for (asked, name) in [
            ("shot.png", "shot.png"),
            (
                "Bildschirmfoto vom 3. März.png",
                "Bildschirmfoto-vom-3.-März.png",
            ),
            ("../../etc/passwd", "passwd"),
            ("..\\..\\windows\\system.ini", "system.ini"),
            ("/etc/cron.d/x", "x"),
            ("$(touch pwned).png", "touch-pwned-.png"),
            ("`id`;rm -rf ~", "id-rm-rf"),
            ("a\nb\0c\x1b[31m.txt", "a-b-c-31m.txt"),
            ("photo\u{202e}gnp.exe", "photo-gnp.exe"),
            ("--output=x", "output-x"),
            (".bashrc", "bashrc"),
            ("..", "file"),
            ("", "file"),
            ("/", "file"),
            ("!!! ???", "file"),
            ("#(whoami)", "whoami"),
        ] {
            assert_eq!(safe_name(asked), name, "{asked:?}");
        }
        let long = safe_name(&format!("{}.png", "ä".repeat(400)));
        assert!(long.len() <= MAX_NAME && long.ends_with("ä.png"), "{long}");
    }

    #[tokio::test]
    async fn nothing_is_written_over_and_a_broken_upload_leaves_nothing() {
        let (_place, cwd) = place();
        for (number, name) in ["a.png", "a-2.png", "a-3.png"].into_iter().enumerate() {
            let made = drop_file(&cwd, "a.png", &[number as u8; 3]).await.unwrap();
            assert_eq!((made.name.as_str(), made.bytes), (name, 3));
            assert_eq!(made.path, format!(".orchestra/files/{name}"));
            let there = std::fs::read(cwd.join(&made.path)).unwrap();
            assert_eq!(there, [number as u8; 3]);
        }
        let mut broken = Incoming::open(cwd.clone(), "b.png").await.unwrap();
        broken.write(b"half").await.unwrap();
        drop(broken);
        let left = std::fs::read_dir(cwd.join(".orchestra/files")).unwrap();
        assert_eq!(left.count(), 3);
        let ignore = std::fs::read_to_string(cwd.join(".orchestra/.gitignore")).unwrap();
        assert_eq!(ignore, "*\n");
    }

    #[tokio::test]
    async fn no_link_is_followed() {
        let (_elsewhere, target) = place();
        let (_place, cwd) = place();
        symlink(&target, cwd.join(".orchestra")).unwrap();
        let refused = drop_file(&cwd, "a.png", b"x").await;
        assert!(matches!(refused, Err(FileError::Folder)), "{refused:?}");
        std::fs::remove_file(cwd.join(".orchestra")).unwrap();

        std::fs::create_dir(cwd.join(".orchestra")).unwrap();
        symlink(&target, cwd.join(".orchestra/files")).unwrap();
        let refused = drop_file(&cwd, "a.png", b"x").await;
        assert!(matches!(refused, Err(FileError::Folder)), "{refused:?}");
        std::fs::remove_file(cwd.join(".orchestra/files")).unwrap();

        // A link where the file would lie is a name that is taken.
        std::fs::create_dir(cwd.join(".orchestra/files")).unwrap();
        symlink(target.join("a.png"), cwd.join(".orchestra/files/a.png")).unwrap();
        let made = drop_file(&cwd, "a.png", b"x").await.unwrap();
        assert_eq!(made.name, "a-2.png");
        assert_eq!(std::fs::read_dir(&target).unwrap().count(), 0);

        // The working folder itself, changed for a link after the start.
        let inner = cwd.join("work");
        symlink(&target, &inner).unwrap();
        let refused = drop_file(&inner, "a.png", b"x").await;
        assert!(matches!(refused, Err(FileError::Folder)), "{refused:?}");
    }
}
