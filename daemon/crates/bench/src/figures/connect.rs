//! Coming and coming back: connect until the first byte, a reattach until the screen is
//! right, and a short drop after which only what was missed is sent.

use super::keys::QUIET;
use crate::agents;
use crate::bench::Bench;
use crate::link::Link;
use crate::report::Row;
use crate::stage::Stage;
use crate::stats::{Sample, ms};
use crate::subject::Subject;
use crate::wait::within;
use crate::wire::Net;
use anyhow::{Context, ensure};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// A full-screen program: the other screen, a hidden cursor, a mouse, cursor keys, colours.
const PAINT: &str = r"printf '\e[?1049h\e[?25l\e[?1000h\e[?1006h\e[?1h\e[2J\e[H'
for row in {1..23}; do
  printf '\e[3%dmrow %02d\e[0m of a screen with some text in it\r\n' $((row % 7 + 1)) $row
done
printf 'the bottom'; printf -- '-row'
read -r _
printf '\e[?1l\e[?1006l\e[?1000l\e[?25h\e[?1049l'
";
/// The last thing on its screen.
const BOTTOM: &str = "the bottom-row";
/// What an emulator must be told, so that the program meets the terminal it had set up.
const MODES: [&str; 5] = ["?1049h", "?25l", "?1000h", "?1006h", "?1h"];
/// Lines that are printed while a viewer is away; about 0.7 KB.
const MISSED: &str = "seq 1000 1120\r";

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let stage = Stage::set(bench).await?;
    let subjects = Subject::all(bench, &stage).await?;
    let mut rows = Vec::new();
    let mut ours: Option<Sample> = None;
    for subject in &subjects {
        let first = first_byte(bench, subject).await?;
        let row = Row::of(
            format!("connect → first byte: {}", subject.name),
            "ms",
            &first,
        );
        if let Some(ours) = &ours {
            rows.push(row);
            let name = format!("  Orchestra : {}", subject.name);
            rows.push(Row::ratio(name, ours.p50(), first.p50()).runs(first.len()));
        } else {
            rows.push(row.within(3.0).note("head, hello and subscribe included"));
            ours = Some(first);
        }
    }
    let script = stage.site()?.home.join("paint.sh");
    std::fs::write(&script, PAINT)?;
    let mut ours: Option<Back> = None;
    for subject in &subjects {
        let back = reattach(bench, subject, &script).await?;
        rows.extend(shown(subject, &back, ours.as_ref()));
        ours.get_or_insert(back);
    }
    rows.extend(dropped(bench, &stage, &subjects[0]).await?);
    Ok(rows)
}

async fn first_byte(bench: &Bench, subject: &Subject) -> anyhow::Result<Sample> {
    let mut times = Sample::default();
    // One that stays, so that the session is being watched already.
    let mut stays = subject.view(Net::Fast).await?;
    stays.calm(QUIET).await?;
    for _ in 0..bench.sizes.connects {
        let begun = Instant::now();
        let mut link = subject.view(Net::Fast).await?;
        within("a first byte", link.chunk()).await??;
        times.add(ms(begun.elapsed()));
        drop(link);
        stays.calm(QUIET / 5).await?;
    }
    Ok(times)
}

/// A reattach: what it took, and what of the modes was not told.
struct Back {
    times: Sample,
    bytes: Sample,
    missing: Vec<&'static str>,
}

async fn reattach(bench: &Bench, subject: &Subject, script: &Path) -> anyhow::Result<Back> {
    let mut back = Back {
        times: Sample::default(),
        bytes: Sample::default(),
        missing: Vec::new(),
    };
    // Not counted. A multiplexer may show the last row in parts, so quiet has to do; had
    // the program not painted by then, the first viewer below would fail.
    let mut first = subject.view(Net::Fast).await?;
    first.take_seat().await?;
    // tmux throws away what was typed before it shows anything.
    within("a first byte", first.chunk()).await??;
    first.key(&format!("bash {}\r", script.display())).await?;
    first.calm(QUIET * 5).await?;
    drop(first);
    for _ in 0..bench.sizes.connects {
        let begun = Instant::now();
        let mut link = subject.view(Net::Fast).await?;
        let (mut all, mut took) = (Vec::new(), None);
        // Some think longer than others before they send the first byte.
        let patience = |took: Option<Duration>| took.map_or(QUIET * 30, |_| QUIET);
        while let Ok(bytes) = tokio::time::timeout(patience(took), link.chunk()).await {
            all.extend_from_slice(&bytes?);
            let there = |part: &[u8]| part == BOTTOM.as_bytes();
            if took.is_none() && all.windows(BOTTOM.len()).any(there) {
                took = Some(begun.elapsed());
            }
        }
        back.times.add(ms(took.with_context(|| {
            format!("{} never showed the screen", subject.name)
        })?));
        back.bytes
            .add(link.count().down.load(Ordering::Relaxed) as f64);
        let text = String::from_utf8_lossy(&all);
        let missing = MODES.into_iter().filter(|mode| !told(&text, mode));
        back.missing = missing.collect();
    }
    let mut last = subject.view(Net::Fast).await?;
    last.take_seat().await?;
    last.key("\r").await?;
    last.calm(QUIET).await?;
    Ok(back)
}

/// True when a mode is switched on, alone or with others.
fn told(text: &str, mode: &str) -> bool {
    let (number, end) = mode[1..].split_at(mode.len() - 2);
    text.split("\u{1b}[?").skip(1).any(|part| {
        let digits = |c: char| c.is_ascii_digit() || c == ';';
        let body = &part[..part.find(|c| !digits(c)).unwrap_or(part.len())];
        part[body.len()..].starts_with(end) && body.split(';').any(|one| one == number)
    })
}

fn shown(subject: &Subject, back: &Back, ours: Option<&Back>) -> Vec<Row> {
    let name = subject.name;
    let times = Row::of(
        format!("reattach → screen right: {name}"),
        "ms",
        &back.times,
    );
    let bytes = Row::of("  bytes of a reattach", "B", &back.bytes);
    let missing = Row::one("  modes that were not told", "", back.missing.len() as f64)
        .note(back.missing.join(" "));
    let Some(ours) = ours else {
        let bytes = bytes.within(4096.0).note("the upgrade's head included");
        return vec![times.within(8.0), bytes, missing.within(0.0)];
    };
    let runs = back.times.len();
    let label = format!("  Orchestra : {name}");
    vec![
        times,
        bytes,
        missing,
        Row::ratio(format!("{label}, ms"), ours.times.p50(), back.times.p50()).runs(runs),
        Row::ratio(
            format!("{label}, bytes"),
            ours.bytes.p50(),
            back.bytes.p50(),
        )
        .runs(runs),
    ]
}

/// A viewer that is cut off, misses some lines, and comes back.
async fn dropped(bench: &Bench, stage: &Stage, ours: &Subject) -> anyhow::Result<Vec<Row>> {
    let (mut times, mut bytes) = (Sample::default(), Sample::default());
    let (mut wire, mut missed) = (Sample::default(), Sample::default());
    let mut stays = ours.view(Net::Fast).await?;
    stays.calm(QUIET).await?;
    for _ in 0..bench.sizes.connects.min(20) {
        let mut cut = ours.view(Net::Fast).await?;
        cut.calm(QUIET).await?;
        stays.calm(QUIET).await?;
        let place = cut.place().context("no place")?.clone();
        ensure!(
            place.next == stays.place().context("no place")?.next,
            "two viewers of one stream are at different places"
        );
        drop(cut);
        agents::input(&stage.api, &ours.agent, MISSED).await?;
        let wanted = stays.calm(Duration::from_millis(200)).await?;
        let begun = Instant::now();
        let mut back = Link::resume(&ours.target, &place).await?;
        let (mut got, mut took) = (Vec::new(), begun.elapsed());
        while let Ok(part) = tokio::time::timeout(QUIET, back.chunk()).await {
            got.extend_from_slice(&part?);
            took = begun.elapsed();
        }
        ensure!(
            got == wanted,
            "other bytes came than those that were missed"
        );
        times.add(ms(took));
        bytes.add(got.len() as f64 / wanted.len() as f64);
        missed.add(wanted.len() as f64);
        wire.add(back.count().down.load(Ordering::Relaxed) as f64);
    }
    Ok(vec![
        Row::of("short drop → all that was missed is there", "ms", &times).within(8.0),
        Row::of("  bytes sent : bytes missed", "×", &bytes)
            .within(1.0)
            .note(format!("{:.0} bytes, compared", missed.p50())),
        Row::of("  bytes down the wire for it", "B", &wire)
            .note("head, hello and heads of frames included"),
    ])
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn a_mode_is_told_alone_or_among_others() {
        assert!(told("\u{1b}[?1h", "?1h"));
        assert!(told("a\u{1b}[?1000;1006h", "?1006h"));
        assert!(!told("\u{1b}[?1000h\u{1b}[?1l", "?1h"));
    }
}
