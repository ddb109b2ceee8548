//! The decoder against every chunking and against lying panes.

use super::{Block, DecodeError, Decoder, Event};
use crate::{codec::section::Rows, ids::PaneId};
use bytes::Bytes;
use proptest::prelude::*;

fn decode(chunks: &[&[u8]], fence: Option<&str>) -> Result<Vec<Event>, DecodeError> {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.buffer().extend_from_slice(chunk);
        while let Some(event) = decoder.next(fence)? {
            events.push(event);
        }
    }
    Ok(events)
}

#[test]
fn replies_and_notifications() {
    let stream = b"%begin 5 1 0\n%end 5 1 0\n%session-changed $0 orc-hub\nhook says hi\n\
        %output %1 a\\012\\134b\n%extended-output %2 12 : x : y\n%pause %1\n%continue %1\n\
        %begin 5 2 1\none\n%end 5 1 1\ntwo\n%end 5 2 1\n%begin 5 3 1\nno\n%error 5 3 1\n%exit bye now\n";
    let events = decode(&[stream], None).unwrap();
    let block = |ours, ok, lines: &[&'static str]| {
        Event::Block(Block {
            ours,
            ok,
            lines: lines.iter().copied().map(Bytes::from).collect(),
        })
    };
    assert_eq!(
        events,
        [
            block(false, true, &[]),
            Event::Output(PaneId(1), Bytes::from_static(b"a\n\\b")),
            Event::Output(PaneId(2), Bytes::from_static(b"x : y")),
            Event::Paused(PaneId(1)),
            Event::Continued(PaneId(1)),
            block(true, true, &["one", "%end 5 1 1", "two"]),
            block(true, false, &["no"]),
            Event::Exit("bye now".to_owned()),
        ]
    );
}

#[test]
fn only_the_true_fence_ends_a_section() {
    let stream =
        b"%begin 5 2 1\n%end 5 2 1\n%begin 5 3 1\nfenced\n%begin 5 9 1\nfence2\n%end 5 9 1\n\
        %end 5 3 1\n%end 5 3 1\n%begin 5 4 1\nfence\n%end 5 4 1\n%output %1 x\n";
    let mut events = decode(&[stream], Some("fence")).unwrap().into_iter();
    let Some(Event::Section(mut section)) = events.next() else {
        unreachable!("the section comes first")
    };
    assert!(section.block(Rows::Trusted).unwrap().is_empty());
    let rows = section.block(Rows::Remaining).unwrap();
    assert_eq!(
        rows,
        [
            "fenced",
            "%begin 5 9 1",
            "fence2",
            "%end 5 9 1",
            "%end 5 3 1"
        ]
    );
    assert_eq!(
        events.next(),
        Some(Event::Output(PaneId(1), Bytes::from_static(b"x")))
    );
}

#[test]
fn a_notification_inside_of_replies_does_no_harm() {
    let stream = b"%begin 5 2 1\n%pause %1\n24\n%end 5 2 1\n%begin 5 4 1\n%window-add @1\nfence\n%end 5 4 1\n";
    let events = decode(&[stream], Some("fence")).unwrap();
    let [Event::Section(section)] = events.as_slice() else {
        unreachable!("one section")
    };
    assert_eq!(section.clone().block(Rows::Trusted).unwrap(), ["24"]);
}

proptest! {
    /// Lines survive any cut, inside a UTF-8 character as well.
    #[test]
    fn chunking_does_not_matter(
        lines in proptest::collection::vec("%output %1 [ -\\[\\]-~é漢🙂]{0,20}|%begin 1 [12] [01]|%end 1 [12] [01]|%error 1 1 1|[a-z]{0,9}", 0..30),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let stream = lines.join("\n").into_bytes();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        at.extend([0, stream.len()]);
        at.sort_unstable();
        let chunks: Vec<&[u8]> = at.windows(2).map(|w| &stream[w[0]..w[1]]).collect();
        prop_assert_eq!(decode(&chunks, None), decode(&[&stream], None));
        prop_assert_eq!(decode(&chunks, Some("a")), decode(&[&stream], Some("a")));
    }

    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = decode(&[&bytes], None);
        let _ = decode(&[&bytes], Some("x"));
    }

    /// Whatever a pane prints, a fenced capture of known height is read whole,
    /// and the reply behind it is still found.
    #[test]
    fn faked_guards_cannot_desynchronise(
        rows in proptest::collection::vec("%(begin|end|error) 1 [1234] 1|[0-9a-f]{8}|", 1..12),
    ) {
        let mut stream = b"%begin 1 2 1\n".to_vec();
        for row in &rows {
            stream.extend_from_slice(row.as_bytes());
            stream.push(b'\n');
        }
        stream.extend_from_slice(b"%end 1 2 1\n%begin 1 3 1\nthe fence\n%end 1 3 1\n");
        let events = decode(&[&stream], Some("the fence")).unwrap();
        let [Event::Section(section)] = events.as_slice() else {
            return Err(TestCaseError::fail("not one section"));
        };
        prop_assert_eq!(section.clone().block(Rows::Exactly(rows.len())).unwrap(), rows.clone());
        prop_assert_eq!(section.clone().block(Rows::Remaining).unwrap(), rows);
    }
}
