//! What tools reach: what they list, where the configuration lets them.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
};

use serde_json::json;
use steadfast::{prelude::*, testing::Client};

/// Fetch a page.
#[mcp_tool(version = "1.0.0", effect = read_only, open_world, egress = ["https://api.example.com"])]
async fn fetch(cx: CallContext, url: String) -> Result<String, ToolError> {
    cx.egress().get(&url).send().await?.success()?.text()
}

/// Fetch a page without having said so.
#[mcp_tool(version = "1.0.0", effect = read_only, open_world)]
async fn sneak(cx: CallContext, url: String) -> Result<String, ToolError> {
    cx.egress().get(&url).send().await?.success()?.text()
}

fn server() -> Server<()> {
    Server::builder("fetcher", ()).tools(tools![fetch, sneak]).build()
}

/// Answers the first request, and no other.
fn answering() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n\x1b[1mhello\x1b[0m").unwrap();
    });
    address
}

#[tokio::test]
async fn a_tool_reaches_what_is_listed_where_its_address_is_allowed() {
    let address = answering();
    let url = json!({ "url": format!("http://{address}/") });
    let listed = format!("[tools.fetch]\negress = ['http://{address}']\n");
    for (configuration, part) in [
        (String::new(), "is not a server that `fetch` may reach"),
        (listed.clone(), "no address that may be reached"),
        (listed + "[egress]\nallow_addresses = ['127.0.0.1']", "hello"),
    ] {
        let client = Client::with(server(), &configuration).unwrap();
        let answer = client.call("fetch", url.clone()).await;
        assert!(answer.text().contains(part), "{configuration}: {}", answer.text());
        assert_eq!(answer.is_error(), part != "hello");
        assert!(client.call("sneak", url.clone()).await.text().contains("is not a server that `sneak` may reach"));
    }
}

#[test]
fn what_is_no_server_or_no_network_keeps_the_server_from_starting() {
    for (configuration, part) in [
        ("[tools.fetch]\negress = ['https://api.example.com/v1']", "\"https://api.example.com/v1\" is no server"),
        ("[egress]\nallow_addresses = ['10.0.0.1/8']", "\"10.0.0.1/8\" is no network"),
    ] {
        let problems = Client::with(server(), configuration).err().unwrap();
        assert!(problems.iter().any(|problem| problem.what.contains(part)), "{problems:?}");
    }
}
