//! What callers can't reach: other callers, other tenants, and what they were not granted. What gets out, and where tools
//! get to.

mod egress;
mod elsewhere;
mod others;
mod secrets;
