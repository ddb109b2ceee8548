//! Sessions: one program in one pane, under a name that is ours.

use crate::{
    client::Lane,
    command::{self, Script, Spawn},
    error::Error,
    ids::{PaneId, SessionId, SessionName},
    process::{Grace, KillReport, Marker, ProcessId, kill_tree},
    server::TmuxServer,
};
use std::{
    ffi::OsString,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// Columns and rows of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
}

impl Size {
    /// The nearest size that programs and tmux get along with: 20..=400 columns,
    /// 5..=200 rows.
    #[must_use]
    pub fn clamped(self) -> Self {
        Self {
            cols: self.cols.clamp(20, 400),
            rows: self.rows.clamp(5, 200),
        }
    }
}

/// A session to be made.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its name, which must be free.
    pub name: SessionName,
    /// Where the program starts; must be a folder.
    pub cwd: PathBuf,
    /// The size of its screen; clamped.
    pub size: Size,
    /// Added to the server's environment.
    pub env: Vec<(String, String)>,
    /// The program and its arguments; no shell ever sees them.
    pub argv: Vec<OsString>,
    /// User options such as `@orc_id`, set before anyone can see the session.
    pub options: Vec<(String, String)>,
}

impl NewSession {
    /// A session of 120 × 40 with nothing added.
    pub fn new<I>(name: SessionName, cwd: impl AsRef<Path>, argv: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
    {
        Self {
            name,
            cwd: cwd.as_ref().to_owned(),
            size: Size {
                cols: 120,
                rows: 40,
            },
            env: Vec::new(),
            argv: argv.into_iter().map(Into::into).collect(),
            options: Vec::new(),
        }
    }

    fn check(&self) -> Result<(), Error> {
        let program = self
            .argv
            .first()
            .ok_or(Error::Invalid("a session needs a program"))?;
        if program.is_empty() || program.as_bytes().contains(&b'=') {
            return Err(Error::Invalid("a program's name is not empty and has no ="));
        }
        if self.argv.iter().any(|word| word.as_bytes().contains(&0)) {
            return Err(Error::Invalid("an argument has no NUL"));
        }
        for (name, value) in &self.env {
            if !is_variable(name) || value.contains('\0') {
                return Err(Error::Invalid(
                    "a variable is a name of letters, digits and _, and its value has no NUL",
                ));
            }
        }
        self.options
            .iter()
            .try_for_each(|(name, value)| check_option(name, value))?;
        if !self.cwd.is_absolute() || !self.cwd.is_dir() {
            return Err(Error::Invalid("the folder to start in does not exist"));
        }
        Ok(())
    }
}

/// A session that was made. The ids are valid for one life of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionRef {
    /// For [`TmuxServer::kill_session`].
    pub session_id: SessionId,
    /// For everything about its screen.
    pub pane_id: PaneId,
    /// The program in the pane.
    pub pane_pid: i32,
    /// The same, safe against a reused pid; `None` if it has ended already.
    pub process: Option<ProcessId>,
}

impl TmuxServer {
    /// Starts a program in a session of its own. It does not see `$TMUX`.
    pub async fn new_session(&self, session: NewSession) -> Result<SessionRef, Error> {
        session.check()?;
        let size = session.size.clamped();
        // With `env` in front there are always two words or more, so tmux runs
        // the program itself instead of handing one word to a shell.
        let env: [&[u8]; 6] = [b"/usr/bin/env", b"-u", b"TMUX", b"-u", b"TMUX_PANE", b"--"];
        let argv: Vec<&[u8]> = env
            .into_iter()
            .chain(session.argv.iter().map(|word| word.as_bytes()))
            .collect();
        let mut script = Script::new(&command::new_session(Spawn {
            name: &session.name,
            cwd: session.cwd.as_os_str().as_bytes(),
            cols: size.cols,
            rows: size.rows,
            env: &session.env,
            argv: &argv,
            format: "#{session_id} #{pane_id} #{pane_pid}",
        }));
        for (name, value) in &session.options {
            script = script.then(&command::set_option(&session.name.target(), name, value));
        }
        let blocks = self.client.blocks(Lane::Lifecycle, &script).await?;
        let line = blocks
            .first()
            .and_then(|lines| lines.first())
            .map(|line| String::from_utf8_lossy(line));
        parse_made(line.as_deref().unwrap_or_default())
            .ok_or_else(|| Error::Protocol("new-session did not say what it made".to_owned()))
    }

    /// Ends a session: its live readings end, its program gets a hang-up, its
    /// screen is gone. See [`Self::end_session`] for the certain way.
    pub async fn kill_session(&self, session: SessionId) -> Result<(), Error> {
        self.stage.close(session).await;
        self.client
            .blocks(
                Lane::Lifecycle,
                &Script::new(&command::kill_session(session)),
            )
            .await
            .map(drop)
    }

    /// Ends every process of a session, then the session. It is no error if the
    /// session is gone already.
    pub async fn end_session(
        &self,
        session: SessionId,
        root: Option<ProcessId>,
        marker: Option<&Marker>,
        grace: Grace,
    ) -> Result<KillReport, Error> {
        let report = kill_tree(root, marker, grace).await;
        match self.kill_session(session).await {
            Ok(()) | Err(Error::NotFound | Error::ServerGone) => Ok(report),
            Err(error) => Err(error),
        }
    }

    /// Sets a user option (`@name`) on a session. The value is never expanded.
    pub async fn set_option(
        &self,
        session: SessionId,
        name: &str,
        value: &str,
    ) -> Result<(), Error> {
        check_option(name, value)?;
        let set = command::set_option(&format!("{session}:"), name, value);
        self.client
            .blocks(Lane::Lifecycle, &Script::new(&set))
            .await
            .map(drop)
    }
}

fn check_option(name: &str, value: &str) -> Result<(), Error> {
    let good = name.strip_prefix('@').is_some_and(is_variable);
    if good && !value.contains('\0') {
        Ok(())
    } else {
        Err(Error::Invalid(
            "an option is @ and a name, and its value has no NUL",
        ))
    }
}

fn is_variable(name: &str) -> bool {
    let word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    word && name.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

fn parse_made(line: &str) -> Option<SessionRef> {
    let mut words = line.split(' ');
    let session_id = words.next()?.parse().ok()?;
    let pane_id = words.next()?.parse().ok()?;
    let pane_pid = words.next()?.parse().ok()?;
    Some(SessionRef {
        session_id,
        pane_id,
        pane_pid,
        process: ProcessId::of(pane_pid),
    })
}

#[cfg(test)]
mod tests {
    use super::{NewSession, Size};

    fn session() -> NewSession {
        NewSession::new("a".parse().unwrap(), "/", ["true"])
    }

    #[test]
    fn impossible_sessions_are_refused() {
        assert!(session().check().is_ok());
        let argv = |argv: &[&str]| NewSession {
            argv: argv.iter().map(Into::into).collect(),
            ..session()
        };
        for bad in [&[] as &[&str], &[""], &["A=b"], &["x", "a\0b"]] {
            assert!(argv(bad).check().is_err(), "{bad:?}");
        }
        let env = |name: &str| NewSession {
            env: vec![(name.to_owned(), "v".to_owned())],
            ..session()
        };
        for bad in ["", "A=B", "1A", "A B", "A\n"] {
            assert!(env(bad).check().is_err(), "{bad:?}");
        }
        let option = |name: &str| NewSession {
            options: vec![(name.to_owned(), "v".to_owned())],
            ..session()
        };
        for bad in ["", "@", "status", "@a b", "@a;"] {
            assert!(option(bad).check().is_err(), "{bad:?}");
        }
        assert!(
            NewSession {
                cwd: "/no/such/folder".into(),
                ..session()
            }
            .check()
            .is_err()
        );
        assert!(
            NewSession {
                cwd: "tmp".into(),
                ..session()
            }
            .check()
            .is_err()
        );
    }

    #[test]
    fn sizes_are_clamped() {
        assert_eq!(
            Size {
                cols: 1,
                rows: 1000
            }
            .clamped(),
            Size {
                cols: 20,
                rows: 200
            }
        );
        assert_eq!(
            Size { cols: 80, rows: 24 }.clamped(),
            Size { cols: 80, rows: 24 }
        );
    }
}
