//! Any token: no panic, and a header that is taken is one that the rules allow.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use orchestra::auth::jwt::header;
use serde_json::Value;

fuzz_target!(|input: (bool, &[u8])| {
    let (whole, bytes) = input;
    // Random bytes are hardly ever base64: every second input is the header itself.
    let token = if whole {
        String::from_utf8_lossy(bytes).into_owned()
    } else {
        format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(bytes))
    };
    let Ok((algorithm, kid)) = header(&token) else {
        return;
    };
    assert!(token.len() <= 8 * 1024 && (1..=256).contains(&kid.len()));
    let first = token.split('.').next().expect("a part");
    let first = URL_SAFE_NO_PAD.decode(first).expect("base64url");
    let read: Value = serde_json::from_slice(&first).expect("JSON");
    assert_eq!(read["alg"], format!("{algorithm:?}"));
    assert_eq!(read["kid"], kid);
    for refused in ["crit", "b64", "enc", "zip"] {
        assert!(read.get(refused).is_none(), "{refused}");
    }
});
