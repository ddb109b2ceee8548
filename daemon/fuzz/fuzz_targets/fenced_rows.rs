//! Rows that a pane can print, between guards that it may fake: they all come
//! back, and what stands behind them is still found.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orchestra_tmux::codec::{
    decode::{Decoder, Event},
    section::Rows,
};

fuzz_target!(|data: &[u8]| {
    let rows: Vec<&[u8]> = data.split(|&b| b == b'\n').collect();
    let mut stream = b"%begin 1 2 1\n24\n%end 1 2 1\n%begin 1 3 1\n".to_vec();
    for row in &rows {
        stream.extend_from_slice(row);
        stream.push(b'\n');
    }
    stream.extend_from_slice(b"%end 1 3 1\n%begin 1 4 1\nafter\n%end 1 4 1\n");
    // A word that no pane knows: here, one longer than the fuzzer gets to try.
    let fence = "0123456789abcdef".repeat(16);
    stream.extend_from_slice(format!("%begin 1 5 1\n{fence}\n%end 1 5 1\n%output %1 x\n").as_bytes());
    let mut decoder = Decoder::default();
    decoder.buffer().extend_from_slice(&stream);
    let Ok(Some(Event::Section(mut section))) = decoder.next(Some(&fence)) else {
        panic!("no section");
    };
    assert_eq!(section.block(Rows::Trusted).expect("the size"), ["24"]);
    assert_eq!(section.block(Rows::Exactly(rows.len())).expect("the rows"), rows);
    assert_eq!(section.block(Rows::Trusted).expect("the block behind"), ["after"]);
    assert!(matches!(decoder.next(None), Ok(Some(Event::Output(..)))));
});
