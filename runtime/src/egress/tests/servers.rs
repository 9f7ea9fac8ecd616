use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::{
    clock::Clock,
    context::BoxFuture,
    egress::{
        Client, Egress, EgressSettings, Origin, Outlet,
        lookup::{Lookup, System},
    },
    error::{ErrorKind, ToolError},
};

pub(super) const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Answers each question about a name with the next of these, and the last again and again.
pub(super) struct Answers(pub(super) Vec<Vec<IpAddr>>, pub(super) Arc<AtomicUsize>);

impl Lookup for Answers {
    fn lookup(&self, _name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let asked = self.1.fetch_add(1, Ordering::SeqCst);
        let answer = self.0.get(asked).or(self.0.last()).cloned().unwrap_or_default();
        Box::pin(std::future::ready(Ok(answer)))
    }
}

pub(super) fn settings(allowed: &[&str]) -> EgressSettings {
    EgressSettings {
        timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(5),
        max_response_bytes: 10_000,
        max_request_bytes: 1_000,
        allow_addresses: allowed.iter().map(|text| text.parse().unwrap()).collect(),
    }
}

pub(super) fn egress(client: Client, allowed: &[&str]) -> Egress {
    let allowed = allowed.iter().map(|text| Origin::parse(text).unwrap()).collect();
    let until = Clock::system().now() + Duration::from_secs(60);
    Egress::new(Some(Outlet { client: Arc::new(client), allowed }), "fetch".into(), until)
}

/// A client that may reach a loopback server by its name `api.test`, and by its address.
fn to(server: SocketAddr, change: impl FnOnce(&mut EgressSettings)) -> Egress {
    let mut settings = settings(&["127.0.0.1"]);
    change(&mut settings);
    let client = Client::with(settings, Answers(vec![vec![LOOPBACK]], Arc::default())).unwrap();
    let port = server.port();
    egress(client, &[&format!("http://api.test:{port}"), &format!("http://127.0.0.1:{port}")])
}

/// Serves each connection in its own way, and counts them.
async fn serve<F>(answer: impl Fn(TcpStream, String) -> F + Send + Sync + 'static) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (count, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(answer));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = Arc::clone(&answer);
            tokio::spawn(async move {
                let mut request = Vec::new();
                let mut piece = [0; 4096];
                while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                    match stream.read(&mut piece).await {
                        Ok(0) | Err(_) => return,
                        Ok(read) => request.extend_from_slice(&piece[..read]),
                    }
                }
                answer(stream, String::from_utf8_lossy(&request).into_owned()).await;
            });
        }
    });
    (address, count)
}

async fn with(text: &'static str) -> (SocketAddr, Arc<AtomicUsize>) {
    serve(move |mut stream, _| async move {
        let _ = stream.write_all(text.as_bytes()).await;
    })
    .await
}

fn kind<T: std::fmt::Debug>(answer: Result<T, ToolError>) -> ErrorKind {
    answer.unwrap_err().kind()
}

#[tokio::test]
async fn a_listed_server_is_asked_and_gets_what_was_written() {
    let (server, _) = serve(|mut stream, request| async move {
        let text = request.to_lowercase();
        let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", text.len());
        let _ = stream.write_all((head + &text).as_bytes()).await;
    })
    .await;
    let egress = to(server, |_| ());
    let url = format!("http://api.test:{}/v1", server.port());
    let request = egress.post(&url).segment("a/../b").query("q", "x&y").header("x-trace", "1").bearer("hunter2");
    assert!(!format!("{request:?}").contains("hunter2"));
    let answer = request.json(&serde_json::json!({"a": 1})).send().await.unwrap().success().unwrap();
    let text = answer.text().unwrap();
    for part in ["post /v1/a%2f..%2fb?q=x%26y http/1.1", "x-trace: 1", "authorization: bearer hunter2", "{\"a\":1}"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    for part in ["accept-encoding", "referer", "cookie", "user-agent"] {
        assert!(!text.contains(part), "{part} is in {text}");
    }
}

#[tokio::test]
async fn what_is_not_listed_is_denied_before_anything_is_done() {
    let (server, count) = with("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let port = server.port();
    let egress = to(server, |_| ());
    let none = Egress::new(None, "fetch".into(), Clock::system().now() + Duration::from_secs(60));
    assert_eq!(kind(none.get(&format!("http://api.test:{port}")).send().await), ErrorKind::Denied);
    for (url, expected) in [
        (format!("https://api.test:{port}"), ErrorKind::Denied),
        (format!("http://other.test:{port}"), ErrorKind::Denied),
        ("http://api.test:1".into(), ErrorKind::Denied),
        (format!("http://user@api.test:{port}"), ErrorKind::Denied),
        (format!("http://:word@api.test:{port}"), ErrorKind::Denied),
        (format!("ftp://api.test:{port}"), ErrorKind::Invalid),
        ("/v1".into(), ErrorKind::Invalid),
    ] {
        assert_eq!(kind(egress.get(&url).send().await), expected, "{url}");
    }
    let url = format!("http://api.test:{port}");
    for (name, value, expected) in [
        ("Host", "evil.test", ErrorKind::Denied),
        ("content-length", "1", ErrorKind::Denied),
        ("Transfer-Encoding", "chunked", ErrorKind::Denied),
        ("x", "a\r\nHost: evil.test", ErrorKind::Invalid),
        ("x y", "a", ErrorKind::Invalid),
    ] {
        assert_eq!(kind(egress.get(&url).header(name, value).send().await), expected, "{name}");
    }
    assert_eq!(kind(egress.get(&url).segment("..").send().await), ErrorKind::Invalid);
    assert_eq!(kind(egress.post(&url).body(vec![0; 1_001]).send().await), ErrorKind::Denied);
    assert_eq!(count.load(Ordering::SeqCst), 0, "nobody was connected to");
}

#[tokio::test]
async fn a_listed_server_at_a_private_address_is_denied_however_it_is_written() {
    let (server, count) = with("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let port = server.port();
    let client = Client::with(settings(&[]), Answers(vec![vec![LOOPBACK]], Arc::default())).unwrap();
    let egress = egress(client, &[&format!("http://api.test:{port}"), &format!("http://127.0.0.1:{port}")]);
    for host in ["api.test", "127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1"] {
        let error = egress.get(&format!("http://{host}:{port}/")).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{host}: {error:?}");
        assert!(error.message().contains("no address that may be reached"), "{error}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

/// The check and the connection use one answer: a name that changes in between has no other for the connection.
#[tokio::test]
async fn a_name_that_is_public_when_it_is_first_asked_and_private_after_leads_nowhere() {
    let (server, count) = with("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
    // Reserved for documentation: allowed here, and nobody is there.
    let public: IpAddr = "192.0.2.1".parse().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let mut settings = settings(&["192.0.2.1"]);
    settings.connect_timeout = Duration::from_millis(200);
    let client = Client::with(settings, Answers(vec![vec![public], vec![LOOPBACK]], Arc::clone(&asked))).unwrap();
    let egress = egress(client, &[&format!("http://api.test:{}", server.port())]);
    let url = format!("http://api.test:{}/", server.port());
    assert_ne!(kind(egress.get(&url).send().await), ErrorKind::Denied, "it is connected to the address it was given");
    assert_eq!(asked.load(Ordering::SeqCst), 1, "one answer for the check and the connection");
    assert_eq!(kind(egress.get(&url).send().await), ErrorKind::Denied, "the next answer is checked, too");
    assert_eq!((asked.load(Ordering::SeqCst), count.load(Ordering::SeqCst)), (2, 0));
}

#[tokio::test]
async fn of_the_addresses_of_a_name_only_those_that_may_be_reached_are_tried() {
    let (server, count) = with("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
    let mixed = vec!["10.0.0.1".parse().unwrap(), "::1".parse().unwrap(), LOOPBACK];
    let client = Client::with(settings(&["127.0.0.1"]), Answers(vec![mixed], Arc::default())).unwrap();
    let egress = egress(client, &[&format!("http://api.test:{}", server.port())]);
    let answer = egress.get(&format!("http://api.test:{}/", server.port())).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), count.load(Ordering::SeqCst)), (204, 1));
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let (other, followed) = with("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let (server, _) = serve(move |mut stream, _| async move {
        let head = format!("HTTP/1.1 302 Found\r\nlocation: http://{other}/\r\ncontent-length: 0\r\n\r\n");
        let _ = stream.write_all(head.as_bytes()).await;
    })
    .await;
    let answer = to(server, |_| ()).get(&format!("http://api.test:{}/", server.port())).send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 302);
    assert_eq!(answer.header("location"), Some(&*format!("http://{other}/")));
    assert_eq!(kind(answer.success()), ErrorKind::Unavailable);
    assert_eq!(followed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_is_read_no_further_than_it_may_be() {
    let (endless, _) = serve(|mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        // Bounded, so that a client that reads on fails the test and not the machine.
        for _ in 0..100_000 {
            let piece = format!("3e8\r\n{}\r\n", "x".repeat(1000));
            if stream.write_all(piece.as_bytes()).await.is_err() {
                return;
            }
        }
    })
    .await;
    let (large, _) = with("HTTP/1.1 200 OK\r\ncontent-length: 10001\r\n\r\n").await;
    for server in [endless, large] {
        let error = to(server, |_| ()).get(&format!("http://{server}/")).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{error:?}");
        assert!(error.message().contains("takes more than 10000 bytes"), "{error}");
    }
    // It is not decompressed, so that what is bounded is all there is.
    let (packed, _) = with("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nbomb").await;
    let answer = to(packed, |_| ()).get(&format!("http://{packed}/")).send().await.unwrap();
    assert_eq!(answer.bytes(), b"bomb");
}

#[tokio::test]
async fn a_server_that_takes_its_time_is_left() {
    let forever = Duration::from_secs(3600);
    let (silent, _) = serve(move |stream, _| async move {
        tokio::time::sleep(forever).await;
        drop(stream);
    })
    .await;
    let (slow, _) = serve(move |mut stream, _| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nab").await;
        tokio::time::sleep(forever).await;
    })
    .await;
    for server in [silent, slow] {
        let url = format!("http://{server}/");
        let short = to(server, |settings| settings.timeout = Duration::from_millis(100));
        assert_eq!(kind(short.get(&url).send().await), ErrorKind::Timeout, "egress.timeout");
        let long = to(server, |settings| settings.timeout = forever);
        assert_eq!(kind(long.get(&url).timeout(Duration::from_millis(100)).send().await), ErrorKind::Timeout);
        let ends = Egress { until: Clock::system().now() + Duration::from_millis(100), ..long };
        assert_eq!(kind(ends.get(&url).send().await), ErrorKind::Timeout, "the deadline of the call");
    }
}

#[tokio::test]
async fn a_server_that_is_away_or_breaks_off_is_unavailable() {
    let gone = TcpListener::bind((LOOPBACK, 0)).await.unwrap().local_addr().unwrap();
    let (broken, _) = with("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nab").await;
    let (wrong, _) = with("SSH-2.0-OpenSSH\r\n\r\n").await;
    for server in [gone, broken, wrong] {
        let error = to(server, |_| ()).get(&format!("http://{server}/?key=hunter2")).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    let client = Client::with(settings(&[]), Answers(vec![vec![]], Arc::default())).unwrap();
    let unknown = egress(client, &["http://api.test"]).get("http://api.test").send().await;
    assert_eq!(kind(unknown), ErrorKind::Unavailable, "a name without addresses");
}

/// The store's threads are of the same pool.
#[tokio::test]
async fn lookups_that_do_not_end_take_their_part_of_the_threads_and_a_further_one_is_refused() {
    let (server, _) = with("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
    let (end, until) = std::sync::mpsc::channel::<()>();
    let (until, begun) = (std::sync::Mutex::new(until), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&begun);
    let system = System::with(2, Duration::from_millis(100), move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        let _ended = until.lock().unwrap().recv();
        Ok(vec![LOOPBACK])
    });
    let client = Client::with(settings(&["127.0.0.1"]), system).unwrap();
    let url = format!("http://api.test:{}", server.port());
    let egress = egress(client, &[&url]);
    for _ in 0..2 {
        let given_up = egress.get(&url).timeout(Duration::from_millis(50)).send().await;
        assert_eq!(kind(given_up), ErrorKind::Timeout);
    }
    let refused = egress.get(&url).send().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused:?}");
    assert!(refused.message().contains("lookups"), "{refused}");
    assert_eq!(begun.load(Ordering::SeqCst), 2, "it took no thread");
    drop(end);
    assert!(egress.get(&url).send().await.is_ok(), "the threads are there again");
}

/// The environment is the process's, so it is another one that has a proxy in it.
#[tokio::test]
async fn a_proxy_of_the_environment_is_not_asked() {
    const NAME: &str = "egress::tests::servers::a_proxy_of_the_environment_is_not_asked";
    if std::env::var("STEADFAST_TEST_PROXIED").is_ok() {
        let (server, count) = with("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
        let answer = to(server, |_| ()).get(&format!("http://api.test:{}/", server.port())).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), count.load(Ordering::SeqCst)), (204, 1));
        return;
    }
    let (proxy, asked) = with("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
    let mut proxied = std::process::Command::new(std::env::current_exe().unwrap());
    proxied.args(["--exact", NAME]).env("STEADFAST_TEST_PROXIED", "1");
    for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        proxied.env(variable, format!("http://{proxy}"));
    }
    let output = tokio::task::spawn_blocking(move || proxied.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "it was run");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}
