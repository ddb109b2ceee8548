//! Where live bytes could come from, straight against a private tmux: `%output` of a
//! control client, and `pipe-pane` into a fifo.

use super::log;
use crate::bench::Bench;
use crate::process::{Memory, Meter, memory, tree, tree_memory};
use crate::report::Row;
use crate::stats::{Sample, ms};
use crate::tmux::{OwnTmux, Tmux};
use crate::wait::within;
use anyhow::Context;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};

/// Between two bytes, so that nothing is gathered.
const PAUSE: Duration = Duration::from_millis(5);
/// Bytes that the pane prints, so that each is known when it comes.
const LETTERS: &[u8] = b"vwxz";

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut first: Option<Found> = None;
    for piped in [false, true] {
        let name = if piped { "pipe-pane" } else { "%output" };
        let found = Scene::set(bench)?.run(bench, piped).await?;
        let megabytes = bench.sizes.log_bytes / 1_000_000;
        rows.extend([
            Row::of(format!("{name}: byte → arrival"), "ms", &found.times),
            Row::one(
                format!("  {megabytes} MB: tmux' processor"),
                "CPU s",
                found.tmux,
            ),
            Row::one(
                "  … and that of its helpers and of the reader",
                "CPU s",
                found.rest,
            ),
            Row::one("  … wall", "s", found.wall),
            Row::one("  … bytes that the reader got", "MB", found.bytes / 1e6),
            Row::one("  more processes for one pane", "", found.processes),
            Row::one("  their memory (PSS)", "KB", found.helpers.pss as f64),
            Row::one(
                "  tmux' memory after it",
                "MB",
                found.server.rss as f64 / 1024.0,
            ),
        ]);
        if let Some(control) = &first {
            let latency = (control.times.p50(), found.times.p50());
            let name = "  %output : pipe-pane";
            rows.push(
                Row::ratio(format!("{name}, p50"), latency.0, latency.1).runs(found.times.len()),
            );
            rows.push(Row::ratio(
                format!("{name}, tmux' processor"),
                control.tmux,
                found.tmux,
            ));
        } else {
            first = Some(found);
        }
    }
    Ok(rows)
}

struct Found {
    times: Sample,
    tmux: f64,
    rest: f64,
    wall: f64,
    bytes: f64,
    processes: f64,
    helpers: Memory,
    server: Memory,
}

/// A private tmux whose pane prints what a fifo is given.
struct Scene {
    tmux: OwnTmux,
    folder: TempDir,
}

/// What reads, and the process that came with it.
struct Source {
    reader: Box<dyn AsyncRead + Unpin + Send>,
    // A control client ends when its input does.
    _client: Option<Child>,
}

impl Scene {
    fn set(bench: &Bench) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("ors").tempdir_in("/tmp")?;
        log::write(&folder.path().join("long.log"), bench.sizes.log_bytes)?;
        for name in ["in", "out", "go"] {
            nix::unistd::mkfifo(&folder.path().join(name), Mode::from_bits_truncate(0o600))?;
        }
        let tmux = OwnTmux(Tmux::at(&folder.path().join("t.sock")));
        // Letters first; then, when told to, the log.
        let at = folder.path().display();
        let script = format!("cat {at}/in; read -r _ < {at}/go; cat {at}/long.log; sleep 600");
        tmux.0.run(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "80",
            "-y",
            "24",
            "-s",
            "work",
            "--",
            "bash",
            "-c",
            &script,
        ])?;
        Ok(Self { tmux, folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn run(&self, bench: &Bench, piped: bool) -> anyhow::Result<Found> {
        let server = self.tmux.0.server()?;
        let before: Vec<i32> = self.pids(server);
        let mut source = if piped {
            self.pipe()?
        } else {
            self.control().await?
        };
        let times = self.latency(bench, &mut source).await?;
        let mut new = self.pids(server);
        new.retain(|id| !before.contains(id));
        let helpers = new
            .iter()
            .copied()
            .map(tree_memory)
            .fold(Memory::default(), |sum, one| Memory {
                rss: sum.rss + one.rss,
                pss: sum.pss + one.pss,
            });
        let processes = new.len() as f64;
        let (tmux, helper) = (Meter::start([server]), Meter::start(new));
        let begun = Instant::now();
        let mut go = opened(&self.path("go"))?;
        go.write_all(b"\n").await?;
        drop(go);
        let bytes = within("the log", drained(&mut source)).await??;
        Ok(Found {
            times,
            tmux: tmux.seconds(),
            rest: helper.seconds(),
            wall: begun.elapsed().as_secs_f64(),
            bytes: bytes as f64,
            processes,
            helpers,
            server: memory(server)?,
        })
    }

    /// Everything below tmux, and below us.
    fn pids(&self, server: i32) -> Vec<i32> {
        let own = i32::try_from(std::process::id()).unwrap_or_default();
        let all = tree(server).into_iter().chain(tree(own));
        all.map(|one| one.id).collect()
    }

    async fn control(&self) -> anyhow::Result<Source> {
        let command = self
            .tmux
            .0
            .command(&["-C", "attach-session", "-t", "=work"]);
        let mut client = Command::from(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut reader = client.stdout.take().context("no stdout")?;
        let mut greeting = [0; 1024];
        let length = reader.read(&mut greeting).await?;
        anyhow::ensure!(length > 0, "tmux -C said nothing");
        Ok(Source {
            reader: Box::new(reader),
            _client: Some(client),
        })
    }

    fn pipe(&self) -> anyhow::Result<Source> {
        let out = self.path("out");
        let reader = pipe::OpenOptions::new()
            .read_write(true)
            .open_receiver(&out)?;
        let order = format!("exec cat > {}", out.display());
        self.tmux
            .0
            .run(&["pipe-pane", "-O", "-t", "=work:", &order])?;
        Ok(Source {
            reader: Box::new(reader),
            _client: None,
        })
    }

    async fn latency(&self, bench: &Bench, source: &mut Source) -> anyhow::Result<Sample> {
        let mut keyboard = opened(&self.path("in"))?;
        let mut times = Sample::default();
        let mut buffer = vec![0; 4096];
        for at in 0..=bench.sizes.keys {
            let letter = LETTERS[at % LETTERS.len()];
            let begun = Instant::now();
            keyboard.write_all(&[letter]).await?;
            let seen = async {
                loop {
                    let length = source.reader.read(&mut buffer).await?;
                    anyhow::ensure!(length > 0, "the source has ended");
                    if printed(&buffer[..length], letter) {
                        return Ok(());
                    }
                }
            };
            within("a byte", seen).await??;
            // The first may wait for the helper to start.
            if at > 0 {
                times.add(ms(begun.elapsed()));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(times)
    }
}

/// A fifo that somebody reads or will read.
fn opened(path: &Path) -> anyhow::Result<pipe::Sender> {
    let flags = OFlag::O_RDWR | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let fd = nix::fcntl::open(path, flags, Mode::empty())?;
    Ok(pipe::Sender::from_owned_fd_unchecked(fd)?)
}

/// True when these bytes have the letter: at the end of an `%output` line, or anywhere in
/// raw bytes, which hold nothing else here.
fn printed(bytes: &[u8], letter: u8) -> bool {
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    line.last() == Some(&letter)
}

/// Reads until the last line of the log has come; gives the bytes.
async fn drained(source: &mut Source) -> anyhow::Result<usize> {
    let mut finder = crate::link::Finder::new(&[log::END]);
    let mut buffer = vec![0; 256 * 1024];
    let mut all = 0;
    loop {
        let length = source.reader.read(&mut buffer).await?;
        anyhow::ensure!(length > 0, "the source has ended");
        all += length;
        if finder.feed(&buffer[..length]) {
            return Ok(all);
        }
    }
}
