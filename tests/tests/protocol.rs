//! The wire: what rmcp leaves open is mended, for both protocols, over HTTP and stdio.

mod http;
mod stdio;
