//! Load over standard input and output: a number of calls in flight on one connection.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    time::{Duration, Instant},
};

use crate::{servers::Running, work::Work};

/// Calls per second over `seconds`, with `in_flight` calls at a time.
pub(crate) async fn run(server: &mut Running, work: Work, in_flight: u64, seconds: u64) -> std::io::Result<f64> {
    let missing = || std::io::Error::other("the server has no standard streams");
    let input = server.process.stdin.as_mut().ok_or_else(missing)?;
    let mut output = BufReader::with_capacity(1 << 20, server.process.stdout.as_mut().ok_or_else(missing)?);
    let started = Instant::now();
    let end = started + Duration::from_secs(seconds);
    let (mut sent, mut answered) = (0, 0_u64);
    let mut batch = Vec::new();
    let mut line = String::new();
    loop {
        // One write for everything that may be sent, as a client that multiplexes does.
        batch.clear();
        if Instant::now() < end {
            while sent - answered < in_flight {
                sent += 1;
                batch.extend(work.message(sent));
                batch.push(b'\n');
            }
            input.write_all(&batch)?;
        } else if sent == answered {
            break;
        }
        loop {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if !line.contains("\"structuredContent\"") {
                return Err(std::io::Error::other(line));
            }
            answered += 1;
            if output.buffer().is_empty() {
                break;
            }
        }
    }
    Ok(answered as f64 / started.elapsed().as_secs_f64())
}
