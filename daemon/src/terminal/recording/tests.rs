//! A recording is written, cut, packed, dropped in part, and read again.

use super::cast::{self, Code, Header};
use super::joined::Joined;
use super::reader::{Reader, Step};
use super::segments;
use super::writer::Writer;
use orchestra_protocol::agent::Size;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

const MOST: u64 = 1024 * 1024;

fn begin(timestamp: i64, cols: u16, continues: bool, screen: &str) -> Vec<u8> {
    let size = Size { cols, rows: 24 };
    let header = Header {
        continues,
        ..Header::new(size, timestamp, "shell-001")
    };
    let mut out = Vec::new();
    header.put(&mut out);
    cast::put(0, Code::Output, screen, &mut out);
    out
}

fn line(ms: u64, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    cast::put(ms, Code::Output, text, &mut out);
    out
}

fn whole(folder: &Path, latest: Option<u64>) -> String {
    let mut out = Vec::new();
    let mut joined = Joined::open(folder, latest).unwrap().unwrap();
    // One byte at a time asks for one line at a time.
    let mut part = Vec::new();
    while joined.fill(&mut part, 1).unwrap() {
        out.append(&mut part);
    }
    out.append(&mut part);
    String::from_utf8(out).unwrap()
}

fn steps(reader: &mut Reader) -> Vec<Step> {
    std::iter::from_fn(|| reader.next().unwrap()).collect()
}

#[test]
fn segments_join_to_one_cast_whose_time_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(folder.path(), MOST).unwrap();
    assert!(writer.is_new());
    writer.begin(&begin(1000, 80, false, "first")).unwrap();
    writer.append(&line(1500, "a")).unwrap();
    // Rotated: its screen is known already.
    writer.begin(&begin(1002, 80, true, "again")).unwrap();
    writer.append(&line(10, "b")).unwrap();
    drop(writer);
    // Killed; the clock was set back, the screen is wider.
    let mut writer = Writer::open(folder.path(), MOST).unwrap();
    assert!(!writer.is_new());
    writer.begin(&begin(900, 100, false, "new")).unwrap();
    assert_eq!(
        whole(folder.path(), None),
        "{\"version\":2,\"width\":80,\"height\":24,\"timestamp\":1000,\"title\":\"shell-001\"}\n\
         [0.000,\"o\",\"first\"]\n[1.500,\"o\",\"a\"]\n[2.010,\"o\",\"b\"]\n\
         [2.010,\"r\",\"100x24\"]\n[2.010,\"o\",\"new\"]\n"
    );
    let end = segments::end(folder.path()).unwrap();
    let last = segments::list(folder.path()).unwrap()[1].start;
    let tail = whole(folder.path(), Some(end - last));
    assert!(tail.starts_with("{\"version\":2,\"width\":80,\"height\":24,\"timestamp\":1002,\"title\":\"shell-001\"}\n[0.000,\"o\",\"again\"]"), "{tail}");
}

#[test]
fn any_offset_goes_on_exactly_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(folder.path(), MOST).unwrap();
    writer.begin(&begin(1, 80, false, "s")).unwrap();
    for at in 0..50 {
        writer.append(&line(at, &format!("x{at}"))).unwrap();
        if at % 20 == 19 {
            writer.begin(&begin(1, 80, true, "s")).unwrap();
        }
    }
    let mut reader = Reader::resume(folder.path(), 0);
    let mut seen = Vec::new();
    while let Some(step) = reader.next().unwrap() {
        seen.push((reader.offset(), step));
    }
    assert_eq!(reader.offset(), segments::end(folder.path()).unwrap());
    let lines = seen
        .iter()
        .filter(|(_, step)| matches!(step, Step::Line(_)));
    assert_eq!(lines.count(), 51, "two screens are passed over");
    for (at, (offset, _)) in seen.iter().enumerate() {
        let line = |step: &&Step| matches!(step, Step::Line(_));
        let rest = steps(&mut Reader::resume(folder.path(), *offset));
        let rest: Vec<&Step> = rest.iter().filter(line).collect();
        let later = seen[at + 1..].iter().map(|(_, step)| step);
        assert_eq!(
            rest,
            later.filter(line).collect::<Vec<_>>(),
            "from {offset}"
        );
    }
    // In the midst of a line the next one is the first.
    let (offset, _) = seen[2];
    let rest = steps(&mut Reader::resume(folder.path(), offset + 3));
    assert_eq!(rest.first(), Some(&seen[4].1));
    // A reader at the end sees what comes, in the next segment too.
    writer.append(&line(99, "later")).unwrap();
    assert_eq!(steps(&mut reader).len(), 1);
    writer.begin(&begin(2, 80, true, "s")).unwrap();
    writer.append(&line(1, "last")).unwrap();
    assert_eq!(steps(&mut reader).len(), 2, "a header and a line");
    assert!(steps(&mut Reader::resume(folder.path(), 1 << 40)).is_empty());
}

#[test]
fn a_torn_line_goes_and_the_rest_plays() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(folder.path(), MOST).unwrap();
    writer.begin(&begin(1, 80, false, "s")).unwrap();
    let path = segments::list(folder.path()).unwrap()[0].path.clone();
    let mut file = std::fs::File::options().append(true).open(path).unwrap();
    file.write_all(b"[2.000,\"o\",\"half").unwrap();
    drop(writer);
    let before = whole(folder.path(), None);
    assert!(before.ends_with("[0.000,\"o\",\"s\"]\n"), "{before}");
    let mut writer = Writer::open(folder.path(), MOST).unwrap();
    writer.begin(&begin(3, 80, false, "t")).unwrap();
    let after = whole(folder.path(), None);
    assert!(
        after.ends_with("[0.000,\"o\",\"s\"]\n[2.000,\"o\",\"t\"]\n"),
        "{after}"
    );
}

#[test]
fn a_damaged_part_is_a_marked_gap() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(folder.path(), MOST).unwrap();
    for at in 1..4 {
        writer.begin(&begin(at, 80, at > 1, "s")).unwrap();
        writer.append(&line(1, "x")).unwrap();
    }
    let middle = segments::list(folder.path()).unwrap()[1].path.clone();
    std::fs::write(&middle, b"no zstd").unwrap();
    let text = whole(folder.path(), None);
    assert!(
        text.contains("[2.000,\"m\",\"gap: a part is not kept\"]"),
        "{text}"
    );
    std::fs::remove_file(middle).unwrap();
    assert_eq!(whole(folder.path(), None), text);
}

#[test]
fn the_oldest_goes_by_size_and_by_age() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::open(folder.path(), MOST).unwrap();
    let noise = |seed: u32| -> String {
        let mut state = seed;
        let letters = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'!' + u8::try_from(state >> 25).unwrap() % 90)
        });
        letters.take(64 * 1024).collect()
    };
    for at in 0..40 {
        writer.begin(&begin(1, 80, at > 0, "s")).unwrap();
        writer.append(&line(1, &noise(at))).unwrap();
        assert!(writer.is_full());
    }
    let size = |folder: &Path| -> u64 {
        let files = std::fs::read_dir(folder).unwrap();
        files
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum()
    };
    let on_disk = size(folder.path());
    assert!(
        (MOST / 2..=MOST + 128 * 1024).contains(&on_disk),
        "{on_disk}"
    );
    let oldest = segments::list(folder.path()).unwrap()[0].start;
    let mut reader = Reader::resume(folder.path(), 0);
    assert_eq!(reader.next().unwrap(), Some(Step::Gap));
    assert_eq!(reader.offset(), oldest);
    assert!(matches!(
        reader.next().unwrap(),
        Some(Step::Begin { joined: false, .. })
    ));
    let later = SystemTime::now() + Duration::from_secs(60);
    segments::prune(folder.path(), later, false).unwrap();
    assert_eq!(
        segments::list(folder.path()).unwrap().len(),
        1,
        "the open one stays"
    );
    segments::prune(folder.path(), SystemTime::UNIX_EPOCH, true).unwrap();
    assert!(folder.path().exists());
    segments::prune(folder.path(), later, true).unwrap();
    assert!(!folder.path().exists());
}
