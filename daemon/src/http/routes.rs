//! The routes, by what they are about.

pub mod audit;
pub mod auth;
pub mod health;
pub mod me;
pub mod tickets;
