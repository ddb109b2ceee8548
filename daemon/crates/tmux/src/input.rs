//! What a pane receives: literal bytes, named keys, pastes.
//!
//! Each of them first leaves copy mode, where keys would otherwise be swallowed.
//! Input has its own lane, ahead of everything else on the connection.

use crate::{
    client::Lane,
    command::{self, Script},
    error::Error,
    ids::PaneId,
    key::Key,
    nonce::nonce,
    server::TmuxServer,
};
use std::{
    pin::Pin,
    task::{Context, Poll},
};

/// Bytes in one `send-keys`.
const TYPED: usize = 16 * 1024;
/// Bytes in one `set-buffer`; on the wire they may become four times as many.
const PASTED: usize = 64 * 1024;
/// More than anyone pastes into a terminal.
const MAX_PASTE: usize = 16 * 1024 * 1024;

/// Input that has its place in the order and waits for tmux' word.
pub struct Underway(Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>);

impl Future for Underway {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl std::fmt::Debug for Underway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Underway")
    }
}

impl TmuxServer {
    /// Types bytes exactly as they are, all of 0 to 255.
    pub async fn send_literal(&self, pane: PaneId, data: &[u8]) -> Result<(), Error> {
        for part in self.submit_literal(pane, data).await {
            part.await?;
        }
        Ok(())
    }

    /// Queues bytes to be typed without waiting for the reply: whatever is submitted later
    /// arrives later. One answer comes for each part; they may be awaited in any order.
    pub async fn submit_literal(&self, pane: PaneId, data: &[u8]) -> Vec<Underway> {
        let mut parts = Vec::new();
        for chunk in data.chunks(TYPED) {
            let script = typed(pane, chunk);
            let client = self.client.clone();
            let mut part = Underway(Box::pin(async move {
                client.blocks(Lane::Input, &script).await.map(drop)
            }));
            // The first look queues it; a full queue serves those who wait in their order.
            let mut early = None;
            std::future::poll_fn(|cx| {
                if let Poll::Ready(done) = Pin::new(&mut part).poll(cx) {
                    early = Some(done);
                }
                Poll::Ready(())
            })
            .await;
            parts.push(match early {
                Some(done) => Underway(Box::pin(std::future::ready(done))),
                None => part,
            });
        }
        parts
    }

    /// Presses keys by name.
    pub async fn send_keys(&self, pane: PaneId, keys: &[Key]) -> Result<(), Error> {
        for some in keys.chunks(100) {
            let press = command::send_keys(pane, some.iter().map(Key::as_str));
            let script = Script::new(&command::leave_modes(pane)).then(&press);
            self.client.blocks(Lane::Input, &script).await?;
        }
        Ok(())
    }

    /// Pastes bytes at once; a line feed arrives as Enter would. `bracketed` puts
    /// paste marks around them if the program asked for such, so that newlines
    /// do not submit. Use [`sanitize_paste`] on text from outside.
    pub async fn paste(&self, pane: PaneId, data: &[u8], bracketed: bool) -> Result<(), Error> {
        if data.contains(&0) {
            return Err(Error::Invalid("a paste has no NUL"));
        }
        if data.len() > MAX_PASTE {
            return Err(Error::Invalid("a paste has at most 16 MiB"));
        }
        if data.is_empty() {
            return Ok(());
        }
        let buffer = format!("orc-{}", nonce());
        let pasted = self.paste_through(&buffer, pane, data, bracketed).await;
        if pasted.is_err() {
            // The pane may have gone after the text was stored.
            let forget = Script::new(&command::delete_buffer(&buffer));
            let _ = self.client.blocks(Lane::Lifecycle, &forget).await;
        }
        pasted
    }

    async fn paste_through(
        &self,
        buffer: &str,
        pane: PaneId,
        data: &[u8],
        bracketed: bool,
    ) -> Result<(), Error> {
        for chunk in data.chunks(PASTED) {
            let store = Script::new(&command::append_buffer(buffer, chunk));
            self.client.blocks(Lane::Input, &store).await?;
        }
        let paste = Script::new(&command::leave_modes(pane))
            .then(&command::paste_buffer(pane, buffer, bracketed));
        self.client.blocks(Lane::Input, &paste).await.map(drop)
    }
}

fn typed(pane: PaneId, chunk: &[u8]) -> Script {
    let mut script = Script::new(&command::leave_modes(pane));
    for (n, part) in chunk.split(|&b| b == 0).enumerate() {
        if n > 0 {
            script = script.then(&command::send_nul(pane));
        }
        if !part.is_empty() {
            script = script.then(&command::send_literal(pane, part));
        }
    }
    script
}

/// Text that is safe to paste: without escape sequences, which could end a
/// bracketed paste early and press keys, and without other control characters.
/// Tabs and line feeds stay; any line end becomes one line feed.
pub fn sanitize_paste(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push('\n');
            }
            '\t' | '\n' => out.push(c),
            // Covers C0, DEL and C1, whose CSI is an escape sequence, too.
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::sanitize_paste;
    use proptest::prelude::*;

    #[test]
    fn escapes_do_not_survive() {
        assert_eq!(
            sanitize_paste("a\x1b[201~\r\nb\rc\td\u{9b}201~\x7f\0é🙂"),
            "a[201~\nb\nc\td201~é🙂"
        );
    }

    proptest! {
        #[test]
        fn only_tab_and_line_feed_control_remain(text in any::<String>()) {
            let clean = sanitize_paste(&text);
            prop_assert!(clean.chars().all(|c| !c.is_control() || c == '\t' || c == '\n'));
            prop_assert_eq!(sanitize_paste(&clean), clean);
        }
    }
}
