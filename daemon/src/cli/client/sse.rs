//! Reads server-sent events from a body that comes in pieces. Pure.

use bytes::BytesMut;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// What to send as `Last-Event-ID` to go on after this one.
    pub id: Option<String>,
    /// `message` when the stream does not name it.
    pub name: String,
    pub data: String,
}

/// Collects bytes and gives events once they are whole.
#[derive(Debug, Default)]
pub struct SseReader {
    pending: BytesMut,
}

impl SseReader {
    /// Takes a piece of the body.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next whole event; comments alone make none.
    pub fn next_event(&mut self) -> Option<SseEvent> {
        loop {
            let end = self.pending.windows(2).position(|pair| pair == b"\n\n")?;
            let block = self.pending.split_to(end + 2);
            let event = read(&String::from_utf8_lossy(&block));
            if event.is_some() {
                return event;
            }
        }
    }
}

fn read(block: &str) -> Option<SseEvent> {
    let mut event = SseEvent {
        name: "message".to_owned(),
        ..SseEvent::default()
    };
    let mut data: Option<String> = None;
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => event.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut event.name),
            "data" => match &mut data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => data = Some(value.to_owned()),
            },
            _ => {}
        }
    }
    event.data = data?;
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_whole_however_the_bytes_are_cut() {
        let text = b": hello\n\nid: 7\nevent: output\ndata: a\ndata: b\n\ndata:c\n\n";
        for size in 1..text.len() {
            let mut reader = SseReader::default();
            let mut events = Vec::new();
            for piece in text.chunks(size) {
                reader.push(piece);
                while let Some(event) = reader.next_event() {
                    events.push((event.id, event.name, event.data));
                }
            }
            let first = (Some("7".to_owned()), "output".to_owned(), "a\nb".to_owned());
            let second = (None, "message".to_owned(), "c".to_owned());
            assert_eq!(events, [first, second], "{size}");
        }
    }
}
