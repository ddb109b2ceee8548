//! Any bytes from tmux, cut anywhere: no panic, and the cuts do not matter.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orchestra_tmux::codec::{
    decode::{DecodeError, Decoder, Event},
    section::Rows,
    vis::{unescape_output, unescape_vis},
};

const FENCE: &str = "fence";

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

fuzz_target!(|input: (u8, u8, bool, &[u8])| {
    let (first, second, fenced, stream) = input;
    let fence = fenced.then_some(FENCE);
    let mut cuts = [first, second].map(|cut| usize::from(cut).min(stream.len()));
    cuts.sort_unstable();
    let (a, rest) = stream.split_at(cuts[0]);
    let (b, c) = rest.split_at(cuts[1] - cuts[0]);
    let whole = decode(&[stream], fence);
    assert_eq!(decode(&[a, b, c], fence), whole);
    for event in whole.unwrap_or_default() {
        if let Event::Section(section) = event {
            for rows in [Rows::Trusted, Rows::Exactly(usize::from(first)), Rows::Remaining] {
                let mut section = section.clone();
                while section.block(rows).is_ok() {}
                section.into_events();
            }
        }
    }
    assert!(unescape_output(stream).len() <= stream.len());
    assert!(unescape_vis(stream).len() <= stream.len());
});
