//! The validation path against the local issuer's key set and forged tokens, and the
//! whole of a local login.

mod forge;
mod keys;
mod local;
mod remote;
mod tokens;
