//! An inverted index in pieces: the words of texts, and which texts hold them. It knows
//! no database and no file: a piece is made in memory, comes out as blocks of bytes, and
//! is asked and merged as such. A text is told by its number in its piece.

pub mod block;
pub mod build;
mod code;
pub mod docs;
pub mod query;
pub mod tokens;
