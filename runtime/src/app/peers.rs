//! Places for connections, of which one peer gets only a part.
//!
//! Invariant: who opens as many connections as it can leaves places for the others. A peer is an address, and with IPv6
//! the network that a single host is given; whether there is one client behind it, or a proxy with all of them, is not
//! known here, and said by the configuration.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Peer(IpAddr);

impl Peer {
    /// The peer with an address. All of a /64 are one: whoever has one address of it has them all (RFC 4291, section
    /// 2.5.1).
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
            address => address,
        })
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Places {
    all: usize,
    of_peer: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Peers that have any.
    of: HashMap<Peer, usize>,
}

/// Held while there is a connection.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    peer: Option<Peer>,
}

impl Places {
    /// So many, and so many of them for one peer.
    pub(super) fn new(all: usize, of_peer: usize) -> Arc<Self> {
        Arc::new(Self { all, of_peer, taken: Mutex::default() })
    }

    /// A place, if there is one for this peer. Who is none may take all of them.
    pub(super) fn take(self: &Arc<Self>, peer: Option<Peer>) -> Option<Place> {
        let mut taken = self.taken();
        let of_peer = peer.and_then(|peer| taken.of.get(&peer).copied()).unwrap_or(0);
        if taken.all >= self.all || of_peer >= self.of_peer && peer.is_some() {
            return None;
        }
        taken.all += 1;
        if let Some(peer) = peer {
            taken.of.insert(peer, of_peer + 1);
        }
        Some(Place { places: Arc::clone(self), peer })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all -= 1;
        let Some(peer) = self.peer else { return };
        match taken.of.get_mut(&peer) {
            Some(of_peer) if *of_peer > 1 => *of_peer -= 1,
            _ => drop(taken.of.remove(&peer)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer::of(address.parse().unwrap())
    }

    #[test]
    fn a_peer_is_an_address_or_the_network_of_one_host() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
            ("2001:db8::1", "2001:db8::ffff:0:0:1", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ] {
            assert_eq!(peer(one) == peer(other), same, "{one} {other}");
        }
    }

    #[test]
    fn a_peer_gets_its_part_and_what_it_gives_back_is_there_again() {
        let places = Places::new(5, 2);
        let (one, other) = (Some(peer("192.0.2.1")), Some(peer("192.0.2.2")));
        let mut held: Vec<_> = [one, one, other].into_iter().map(|peer| places.take(peer).unwrap()).collect();
        assert!(places.take(one).is_none(), "its part is used up");
        held.extend([None, None].map(|peer| places.take(peer).unwrap()));
        assert!(places.take(None).is_none() && places.take(other).is_none(), "all are taken");
        drop(held.remove(0));
        held.push(places.take(one).unwrap());
        drop(held);
        assert!(places.taken().of.is_empty(), "who has nothing is not remembered");
        assert_eq!(places.taken().all, 0);
    }
}
