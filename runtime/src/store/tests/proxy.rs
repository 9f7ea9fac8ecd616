//! A way to a server that can be cut: the server goes on, and for the store it is away.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// How the way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Open,
    /// Connections are closed at once.
    Closed,
    /// Connections are taken, and nothing is answered.
    Silent,
    /// On connections of before nothing is answered any more; new ones are as they should be.
    Forgetful,
}

/// See the module. Ends with the test's runtime.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    way: watch::Sender<Way>,
    taken: Arc<AtomicUsize>,
}

impl Proxy {
    pub(super) async fn new(server: SocketAddr, way: Way) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, ways) = watch::channel(way);
        let taken = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&taken);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(carry(client, server, ways.clone()));
            }
        });
        Self { address, way: sender, taken }
    }

    /// How many connections there were.
    pub(super) fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    /// Connections of before do not survive it, except that they fall silent.
    pub(super) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

async fn carry(mut client: TcpStream, server: SocketAddr, mut ways: watch::Receiver<Way>) {
    if matches!(*ways.borrow_and_update(), Way::Open | Way::Forgetful) {
        let Ok(mut server) = TcpStream::connect(server).await else { return };
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            _ = ways.changed() => {}
        }
    }
    // Held open and not read from.
    while matches!(*ways.borrow_and_update(), Way::Silent | Way::Forgetful) {
        if ways.changed().await.is_err() {
            return;
        }
    }
}
