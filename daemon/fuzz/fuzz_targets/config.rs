//! Any configuration file: no panic, and what is taken holds what is promised of it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use orchestra::config::Settings;

fuzz_target!(|text: &str| {
    match Settings::of_text(text) {
        Ok(settings) => {
            let open = !settings.server.listen.ip().is_loopback();
            let tls = settings.server.own_tls() || settings.server.behind_tls_proxy;
            assert!(!open || tls || settings.network.published_on_loopback);
            assert!(settings.specialists.iter().all(|one| one.name != "primary"));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
