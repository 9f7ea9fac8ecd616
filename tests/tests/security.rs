//! What callers can't reach: other callers, other tenants, and what they were not granted.

mod others;
