// Clients of three releases of one server, through the official TypeScript client: each gets what it was promised.
//
// node releases.mjs BINARY URL SCRATCH: starts BINARY over stdio with its data in SCRATCH; URL is of one that runs.
// In release 0.1.0 `search_notes` took `q` and returned `hits`; in 0.2.0 `define_word` took `word` and returned `meaning`;
// in 0.3.0, which the server is, it takes `term` and returns `definition`.
// Prints one line for each check, `ok NAME` or `FAILED NAME: why`; exits with 1 when one failed.

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const [binary, url, scratch] = process.argv.slice(2);
const VERSION = 'dev.steadfast/toolVersion';
const CONTRACT = 'dev.steadfast/contract';
let failures = 0;

async function check(name, run) {
    try {
        await run();
        console.log(`ok ${name}`);
    } catch (error) {
        failures += 1;
        console.log(`FAILED ${name}: ${String(error?.message ?? error).replaceAll('\n', ' ')}`);
    }
}

/** The result of a call that a version served. */
function served(result, version) {
    assert.notEqual(result.isError, true, JSON.stringify(result));
    assert.equal(result._meta[CONTRACT].version, version);
    return result.structuredContent;
}

const keys = object => Object.keys(object).sort();
const properties = tool => keys(tool.inputSchema.properties);

const bodies = {
    async '0.3.0'(label, { call, list }) {
        await check(`${label} calls as the list says`, async () => {
            const tool = (await list()).define_word;
            assert.deepEqual(properties(tool), ['term']);
            assert.equal(tool._meta[CONTRACT].version, '2.0.0');
            const result = served(await call('define_word', { term: 'shim' }), '2.0.0');
            assert.deepEqual(keys(result), ['definition', 'word']);
        });
        await check(`${label} is refused a version that nobody serves`, async () => {
            const refused = call('define_word', { term: 'shim' }, { [VERSION]: '7' });
            await assert.rejects(refused, error => error.code === -32602 && 'available' in error.data);
        });
        await check(`${label} is told what is missing when no major fits`, async () => {
            assert.equal((await call('define_word', { words: 'shim' })).isError, true);
        });
    },
    // It knows the tools from an earlier release, and asks for no list.
    async older(label, { call }) {
        await check(`${label} names the version`, async () => {
            const result = served(await call('define_word', { word: 'shim' }, { [VERSION]: '1' }), '1.0.0');
            assert.deepEqual(keys(result), ['meaning', 'word']);
        });
        await check(`${label} names nothing and is known by its arguments`, async () => {
            const result = served(await call('define_word', { word: 'shim' }), '1.0.0');
            assert.deepEqual(keys(result), ['meaning', 'word']);
        });
        await check(`${label} is served two releases on`, async () => {
            assert.deepEqual(served(await call('search_notes', { q: 'milk' }), '1.0.0'), { hits: [] });
        });
    },
    async '0.2.0'(label, { call, list }) {
        await check(`${label} sees and gets what it knows`, async () => {
            const tools = await list();
            assert.deepEqual(properties(tools.define_word), ['word']);
            assert.ok(properties(tools.search_notes).includes('query'));
            const result = served(await call('define_word', { word: 'shim' }), '1.0.0');
            assert.deepEqual(keys(result), ['meaning', 'word']);
        });
    },
    async '0.1.0'(label, { call, list }) {
        await check(`${label} sees and gets what it knows`, async () => {
            assert.ok(properties((await list()).search_notes).includes('q'));
            assert.equal((await call('add_note', { text: label })).structuredContent.text, label);
            const { hits } = served(await call('search_notes', { q: label }), '1.0.0');
            assert.deepEqual(hits.map(hit => hit.text), [label]);
        });
    }
};

async function session(label, mode, transport, body) {
    const client = new Client({ name: 'peer', version: '1.0.0' }, { versionNegotiation: { mode } });
    let connected = false;
    await check(`${label} connects`, async () => {
        await client.connect(transport, { timeout: 20_000 });
        connected = true;
    });
    if (!connected) return;
    await body(label, {
        call: (name, args, meta) => client.callTool({ name, arguments: args, _meta: meta }, { timeout: 20_000 }),
        list: async () => Object.fromEntries((await client.listTools()).tools.map(tool => [tool.name, tool]))
    });
    await check(`${label} closes`, () => client.close());
}

const stdio = (name, more) =>
    new StdioClientTransport({
        command: binary,
        args: ['serve', '--transport', 'stdio', '--admin', 'off', '--data', join(scratch, name), ...more],
        cwd: scratch,
        stderr: 'ignore'
    });
const http = path => new StreamableHTTPClientTransport(new URL(url + path));

const modes = [
    ['2026-07-28', { pin: '2026-07-28' }],
    ['2025-11-25', 'legacy']
];
for (const [revision, mode] of modes) {
    for (const [release, body] of Object.entries(bodies)) {
        const surface = ['0.2.0', '0.1.0'].includes(release);
        await session(`http ${revision} ${release}`, mode, http(surface ? `/${release}` : ''), body);
        const more = surface ? ['--surface', release] : [];
        await session(`stdio ${revision} ${release}`, mode, stdio(`stdio-${revision}`, more), body);
    }
}
process.exit(failures === 0 ? 0 : 1);
