//! Close codes beside those of RFC 6455.

/// Unreadable bytes, or too many errors in a minute.
pub const BAD_MESSAGES: u16 = 4400;
/// The token ended or was recalled.
pub const UNAUTHENTICATED: u16 = 4401;
/// The caller may not do this any more.
pub const FORBIDDEN: u16 = 4403;
/// Nothing authentic came in time.
pub const AUTH_TIMEOUT: u16 = 4408;
/// What the socket was for is gone.
pub const GONE: u16 = 4410;
/// The daemon restarts; come back.
pub const RESTART: u16 = 1012;
/// The message was too big.
pub const TOO_BIG: u16 = 1009;
