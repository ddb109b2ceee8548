//! Any text on the socket, and any bytes as a frame: no panic, and what was read is written
//! and read again as the same.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use orchestra_protocol::frame::Frame;
use orchestra_protocol::socket::ClientMessage;

fuzz_target!(|data: &[u8]| {
    if let Ok(frame) = Frame::decode(&Bytes::copy_from_slice(data)) {
        assert_eq!(frame.encode(), data);
    }
    let Ok(message) = serde_json::from_slice::<ClientMessage>(data) else {
        return;
    };
    let text = serde_json::to_string(&message).expect("JSON");
    let again: ClientMessage = serde_json::from_str(&text).expect("its own text");
    assert_eq!(again, message);
});
