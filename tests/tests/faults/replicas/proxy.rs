//! A way to a store that can be cut: the store goes on, and for the replicas it is away.

use std::net::SocketAddr;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// How the way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Open,
    /// Connections are closed at once.
    Closed,
    /// Connections are taken, and nothing is answered.
    Silent,
}

/// See the module. Ends with the test's runtime.
pub struct Proxy {
    /// The store's URL by this way.
    pub url: String,
    way: watch::Sender<Way>,
}

impl Proxy {
    pub async fn to(url: &str) -> Self {
        let start = url.find('@').or(url.find("//").map(|at| at + 1)).expect("an authority") + 1;
        let end = url[start..].find(['/', '?']).map_or(url.len(), |length| start + length);
        let store: SocketAddr = url[start..end].parse().expect("an address");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (way, ways) = watch::channel(Way::Open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, store, ways.clone()));
            }
        });
        Self { url: format!("{}{address}{}", &url[..start], &url[end..]), way }
    }

    /// Connections of before do not survive it.
    pub fn set(&self, way: Way) {
        self.way.send_replace(way);
    }
}

async fn carry(mut client: TcpStream, store: SocketAddr, mut ways: watch::Receiver<Way>) {
    if *ways.borrow_and_update() == Way::Open {
        let Ok(mut store) = TcpStream::connect(store).await else { return };
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut store) => return,
            _ = ways.changed() => {}
        }
    }
    // Held open and not read from.
    while *ways.borrow_and_update() == Way::Silent {
        if ways.changed().await.is_err() {
            return;
        }
    }
}
