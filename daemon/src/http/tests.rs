//! The edge as the outside meets it: a small router behind the real layers, served by
//! the real accept loops.

mod access;
mod agents;
mod harness;
mod login;
mod shape;
mod sockets;
