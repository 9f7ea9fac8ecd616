//! A server of long-running tools that remembers what ran.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use steadfast::{Inputs, prelude::*};

/// What ran: shared by the servers that are replicas of each other.
#[derive(Debug, Clone, Default)]
pub struct Workshop(Arc<Log>);

#[derive(Debug, Default)]
struct Log {
    begun: Mutex<Vec<&'static str>>,
    running: AtomicU32,
    most: AtomicU32,
}

/// Something runs until this is dropped.
struct Running(Workshop);

impl Workshop {
    pub fn server(&self) -> Server<Self> {
        let tools =
            tools![crawl, publish, index, fail, explode, lie, interview, nag, order, build, linger, quick, lookup];
        Server::builder("workshop", self.clone()).version("1.0.0").tools(tools).build()
    }

    /// The same without most of its tools.
    pub fn smaller_server(&self) -> Server<Self> {
        Server::builder("workshop", self.clone()).version("2.0.0").tools(tools![publish]).build()
    }

    /// How often a tool's function began.
    pub fn begun(&self, tool: &str) -> usize {
        self.0.begun.lock().unwrap().iter().filter(|begun| **begun == tool).count()
    }

    /// How many functions run.
    pub fn running(&self) -> u32 {
        self.0.running.load(Ordering::SeqCst)
    }

    /// How many ran at the same time at most.
    pub fn most(&self) -> u32 {
        self.0.most.load(Ordering::SeqCst)
    }

    fn begin(&self, tool: &'static str) -> Running {
        self.0.begun.lock().unwrap().push(tool);
        let running = self.0.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most.fetch_max(running, Ordering::SeqCst);
        Running(self.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn work(cx: &CallContext, seconds: u64) -> String {
    for second in 0..seconds {
        cx.progress(second as f64, seconds as f64, format!("second {second}")).await;
        // sleep: what takes long is what is tested, on a paused clock or in another process
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    format!("took {seconds} seconds")
}

/// Look at everything.
#[mcp_tool(version = "1.2.0", effect = read_only, task)]
async fn crawl(cx: CallContext, State(workshop): State<Workshop>, seconds: u64) -> String {
    let _running = workshop.begin("crawl");
    work(&cx, seconds).await
}

/// Publish something, which can't be taken back.
#[mcp_tool(version = "1.0.0", effect = additive, task)]
async fn publish(cx: CallContext, State(workshop): State<Workshop>, seconds: u64) -> String {
    let _running = workshop.begin("publish");
    work(&cx, seconds).await
}

/// Build an index, or build it again.
#[mcp_tool(version = "1.0.0", effect = additive, idempotent, task)]
async fn index(cx: CallContext, State(workshop): State<Workshop>, seconds: u64) -> String {
    let _running = workshop.begin("index");
    work(&cx, seconds).await
}

/// Fail, in words.
#[mcp_tool(version = "1.0.0", effect = read_only, task(required))]
async fn fail(cx: CallContext) -> Result<String, ToolError> {
    work(&cx, 1).await;
    Err(ToolError::conflict("somebody else was first"))
}

/// Panic.
#[mcp_tool(version = "1.0.0", effect = read_only, task)]
async fn explode() -> String {
    panic!("the password is hunter2");
}

/// Break a promise.
#[mcp_tool(version = "1.0.0", effect = read_only, task)]
async fn lie() -> Promised {
    Promised { percent: 250 }
}

#[derive(Serialize, JsonSchema)]
struct Promised {
    #[schemars(range(max = 100))]
    percent: u32,
}

async fn ask(cx: &CallContext, keys: &[&str]) -> Result<String, ToolError> {
    let mut inputs = Inputs::new();
    for key in keys {
        let form = serde_json::from_value(json!({"type": "object", "properties": {*key: {"type": "string"}}}))?;
        inputs = inputs.elicit(*key, format!("Which {key}?"), form);
    }
    let answers = cx.ask(inputs).await?;
    let said = keys.iter().map(|key| {
        let content = answers.elicited(key)?.content.unwrap_or_default();
        Ok(content[*key].as_str().unwrap_or("nothing").to_owned())
    });
    Ok(said.collect::<Result<Vec<_>, ToolError>>()?.join(" and "))
}

/// Ask two things at once, and another later.
#[mcp_tool(version = "1.0.0", effect = read_only, task, timeout = "5s")]
async fn interview(cx: CallContext, State(workshop): State<Workshop>) -> Result<String, ToolError> {
    let _running = workshop.begin("interview");
    let first = ask(&cx, &["name", "colour"]).await?;
    // sleep: what takes long is what is tested, on a paused clock or in another process
    tokio::time::sleep(Duration::from_secs(2)).await;
    let then = ask(&cx, &["shape"]).await?;
    Ok(format!("{first}, {then}"))
}

/// Ask the same until the answer is yes.
#[mcp_tool(version = "1.0.0", effect = read_only, task)]
async fn nag(cx: CallContext) -> Result<u32, ToolError> {
    let mut asked = 1;
    while ask(&cx, &["sure"]).await? != "yes" {
        asked += 1;
    }
    Ok(asked)
}

/// Ask first, then take long.
#[mcp_tool(version = "1.0.0", effect = additive, task(required, manual))]
async fn order(cx: CallContext, State(workshop): State<Workshop>, seconds: u64) -> Result<String, ToolError> {
    let name = ask(&cx, &["name"]).await?;
    cx.become_task().await?;
    let _running = workshop.begin("order");
    cx.become_task().await?;
    work(&cx, seconds).await;
    Ok(format!("ordered for {name}"))
}

/// Take long where it has to.
#[mcp_tool(version = "1.0.0", effect = additive, task(manual), timeout = "2s")]
async fn build(cx: CallContext, State(workshop): State<Workshop>, seconds: u64) -> Result<String, ToolError> {
    let _running = workshop.begin("build");
    if seconds == 0 {
        return Ok("built before".into());
    }
    cx.become_task().await?;
    Ok(work(&cx, seconds).await)
}

/// Become a task late.
#[mcp_tool(version = "1.0.0", effect = additive, task(manual))]
async fn linger(cx: CallContext, State(workshop): State<Workshop>, seconds: u64) -> Result<String, ToolError> {
    let _running = workshop.begin("linger");
    let before = work(&cx, seconds).await;
    cx.become_task().await?;
    Ok(before)
}

/// Answer in time or not at all.
#[mcp_tool(version = "1.0.0", effect = read_only, task, timeout = "3s")]
async fn quick() -> String {
    std::future::pending().await
}

/// No task.
#[mcp_tool(version = "1.0.0", effect = read_only)]
async fn lookup() -> String {
    "found".into()
}
