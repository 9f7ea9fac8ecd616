//! Ten times what a server can do: how much of what it can do it still does, and how fast it refuses the rest.
//!
//! First its capacity, by as many connections as it has places; then requests at ten times that rate, on a schedule
//! that does not wait for answers, over many connections.

use std::{
    fmt,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    http_load::{connect, request, response, succeeded},
    servers::{Kind, Running, Wire},
    work::hold,
};

const PLACES: usize = 16;
const CONNECTIONS: u32 = 400;
const TIMES: f64 = 10.0;

/// What came of it.
pub(crate) struct Overload {
    capacity: f64,
    offered: f64,
    goodput: f64,
    /// Of refusals.
    p50: Duration,
    p99: Duration,
    /// How late requests were sent, beside their schedule: what the load itself adds to the figures above.
    late: Duration,
}

pub(crate) async fn run(seconds: u64) -> std::io::Result<Overload> {
    let places = PLACES.to_string();
    let settings = ["CONCURRENCY", "CONCURRENCY_PER_CALLER", "QUEUE", "QUEUE_PER_CALLER"];
    let settings = settings.map(|setting| format!("STEADFAST_LIMITS_{setting}"));
    let settings: Vec<_> = settings.iter().map(|setting| (setting.as_str(), places.as_str())).collect();
    let server = Running::with(Kind::Steadfast, Wire::Http, &settings)?;
    let time = Duration::from_secs(seconds.max(2));

    let alone = offer(&server, PLACES as u32 * 2, time, None).await?;
    let capacity = alone.done as f64 / time.as_secs_f64();
    let rate = capacity * TIMES / f64::from(CONNECTIONS);
    let mut crowded = offer(&server, CONNECTIONS, time, Some(Duration::from_secs_f64(1.0 / rate))).await?;
    crowded.refusals.sort_unstable();
    crowded.late.sort_unstable();
    let at = |times: &[Duration], percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    Ok(Overload {
        capacity,
        offered: (crowded.done + crowded.refusals.len()) as f64 / time.as_secs_f64(),
        goodput: crowded.done as f64 / time.as_secs_f64(),
        p50: at(&crowded.refusals, 50),
        p99: at(&crowded.refusals, 99),
        late: at(&crowded.late, 99),
    })
}

#[derive(Default)]
struct Tally {
    done: usize,
    /// How long each took.
    refusals: Vec<Duration>,
    /// How long after its moment each request was sent.
    late: Vec<Duration>,
}

/// Sends calls for so long: one after the other, or one in each period.
async fn offer(server: &Running, connections: u32, time: Duration, period: Option<Duration>) -> std::io::Result<Tally> {
    let address = server.address()?;
    let request = request(address.port(), "hold", &hold());
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let begin = Instant::now();
    let mut running = Vec::new();
    for (number, mut stream) in (0..connections).zip(streams) {
        let request = request.clone();
        // Spread, so that not all connections send at once.
        let mut next = begin + period.unwrap_or_default() * number / connections;
        running.push(tokio::spawn(async move {
            let mut tally = Tally::default();
            let mut buffer = Vec::with_capacity(4 * 1024);
            while begin.elapsed() < time {
                if let Some(period) = period {
                    tokio::time::sleep_until(next.into()).await;
                    tally.late.push(next.elapsed());
                    next += period;
                }
                let sent = Instant::now();
                tokio::io::AsyncWriteExt::write_all(&mut stream, &request).await?;
                match succeeded(response(&mut stream, &mut buffer).await?) {
                    true => tally.done += 1,
                    false => tally.refusals.push(sent.elapsed()),
                }
            }
            std::io::Result::Ok(tally)
        }));
    }
    let mut all = Tally::default();
    for connection in running {
        let Tally { done, refusals, late } = connection.await.map_err(std::io::Error::other)??;
        all.done += done;
        all.refusals.extend(refusals);
        all.late.extend(late);
    }
    Ok(all)
}

impl Overload {
    pub(crate) fn as_json(&self) -> Value {
        json!({
            "unit": "calls per second",
            "capacity": self.capacity,
            "offered": self.offered,
            "goodput": self.goodput,
            "refusal": { "unit": "microseconds", "p50": self.p50.as_micros(), "p99": self.p99.as_micros() },
            "sent_late": { "unit": "microseconds", "p99": self.late.as_micros() },
        })
    }
}

impl fmt::Display for Overload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capacity, offered, goodput, p50, p99, late } = self;
        write!(
            f,
            "overload: capacity {capacity:.0} calls/s, offered {offered:.0}, served {goodput:.0} ({:.1} %); \
             refused within {p50:.1?} (p50), {p99:.1?} (p99); sent late by {late:.1?} (p99)",
            100.0 * goodput / capacity,
        )
    }
}
