//! Binary frames of the live stream (`docs/PROTOCOL.md`).
//!
//! ```text
//! byte 0       kind: 1 output, 2 snapshot (more follows), 3 snapshot (last part), 4 gap, 5 heal
//! bytes 1..4   channel, u32 big endian, from the `subscribed` answer
//! bytes 5..12  seq, u64 big endian: number of the first payload byte (output),
//!              or of the next live byte (snapshot, gap, heal)
//! bytes 13..   payload for the emulator
//! ```

use bytes::{BufMut, Bytes, BytesMut};

/// Bytes before the payload.
pub const HEADER: usize = 13;
/// Largest frame, header included.
pub const MAX_FRAME: usize = 64 * 1024 - 1;
/// Largest payload of one frame.
pub const MAX_PAYLOAD: usize = MAX_FRAME - HEADER;

/// What a frame's payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum FrameKind {
    /// Bytes the program printed.
    Output = 1,
    /// Part of a snapshot; more follows.
    SnapshotPart = 2,
    /// The last part of a snapshot.
    Snapshot = 3,
    /// Bytes were dropped; a snapshot follows. No payload.
    Gap = 4,
    /// Rewrites rows that differ, without a reset.
    Heal = 5,
}

impl TryFrom<u8> for FrameKind {
    type Error = FrameError;

    fn try_from(byte: u8) -> Result<Self, FrameError> {
        Ok(match byte {
            1 => Self::Output,
            2 => Self::SnapshotPart,
            3 => Self::Snapshot,
            4 => Self::Gap,
            5 => Self::Heal,
            other => return Err(FrameError::Kind(other)),
        })
    }
}

/// Why bytes are no frame.
#[derive(Debug, PartialEq, Eq)]
pub enum FrameError {
    /// Fewer bytes than a header has.
    Short(usize),
    /// No such kind.
    Kind(u8),
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Short(len) => write!(out, "a frame has at least {HEADER} bytes, this has {len}"),
            Self::Kind(kind) => write!(out, "there is no frame kind {kind}"),
        }
    }
}

impl std::error::Error for FrameError {}

/// One frame, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    pub kind: FrameKind,
    pub channel: u32,
    pub seq: u64,
    pub payload: Bytes,
}

impl Frame {
    /// The frame as it goes over the wire.
    pub fn encode(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(HEADER + self.payload.len());
        out.put_u8(self.kind as u8);
        out.put_u32(self.channel);
        out.put_u64(self.seq);
        out.put_slice(&self.payload);
        out.freeze()
    }

    /// Reads one frame.
    ///
    /// # Errors
    /// When the bytes are shorter than a header or of an unknown kind.
    pub fn decode(bytes: &Bytes) -> Result<Self, FrameError> {
        let Some((head, _)) = bytes.split_at_checked(HEADER) else {
            return Err(FrameError::Short(bytes.len()));
        };
        let channel = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
        let seq = head[5..HEADER]
            .iter()
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        Ok(Self {
            kind: head[0].try_into()?,
            channel,
            seq,
            payload: bytes.slice(HEADER..),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_survives_the_wire() {
        let frame = Frame {
            kind: FrameKind::Snapshot,
            channel: 7,
            seq: u64::MAX - 1,
            payload: Bytes::from_static(b"\x1bchello"),
        };
        assert_eq!(Frame::decode(&frame.encode()).unwrap(), frame);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let short = Bytes::from_static(&[1, 2, 3]);
        assert_eq!(Frame::decode(&short).unwrap_err(), FrameError::Short(3));
        let odd = Bytes::from_static(&[9; HEADER]);
        assert_eq!(Frame::decode(&odd).unwrap_err(), FrameError::Kind(9));
    }
}
