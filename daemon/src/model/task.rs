//! Task steps: to be written.
