//! Which addresses and servers are reachable, in tables; and what a client does with servers that misbehave.

mod addresses;
mod certificates;
mod origins;
mod servers;
mod spellings;
