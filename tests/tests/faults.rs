//! What clients see of real processes over real sockets when something is wrong: with an upstream, with the store, with
//! the process itself.
//!
//! Nothing here sleeps to let time pass: tests wait for what must happen, with a bound. Where an answer must come in
//! time, one of a few tries has to: a machine that is busy for a moment is no fault of the server's.

mod client;
mod crash;
mod drain;
mod fleet;
mod load;
mod output;
mod replicas;
mod upstream;
mod ways;
