//! Where MCP is served over HTTP: an address, or a Unix socket.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};

/// What a Unix socket is written with.
const UNIX: &str = "unix:";

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listen {
    Address(SocketAddr),
    /// A Unix socket, by its absolute path.
    Socket(PathBuf),
}

impl Listen {
    /// Whether others than this machine can connect.
    pub(super) fn is_beyond(&self) -> bool {
        matches!(self, Self::Address(address) if !address.ip().is_loopback())
    }

    /// How many of all connections one peer gets by default. Where all are of this machine, there is one peer.
    pub(super) fn of_peer(&self, all: usize) -> usize {
        if self.is_beyond() { all.div_ceil(2) } else { all }
    }

    /// Whether only one user of it can.
    pub(crate) fn is_socket(&self) -> bool {
        matches!(self, Self::Socket(_))
    }
}

impl FromStr for Listen {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.strip_prefix(UNIX).map(PathBuf::from) {
            Some(path) if path.is_absolute() && path.file_name().is_some() => Ok(Self::Socket(path)),
            Some(_) => Err(()),
            None => text.parse().map(Self::Address).map_err(|_| ()),
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Socket(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}
