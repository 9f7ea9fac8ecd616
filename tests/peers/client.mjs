// The official TypeScript client against a generated server, over stdio and HTTP, in both revisions of the protocol.
//
// node client.mjs BINARY URL SCRATCH: starts BINARY over stdio with its data in SCRATCH; URL is of one that runs.
// Prints one line for each check, `ok NAME` or `FAILED NAME: why`; exits with 1 when one failed.

import assert from 'node:assert/strict';
import { join } from 'node:path';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const [binary, url, scratch] = process.argv.slice(2);
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

function text(result) {
    return (result.content ?? []).map(block => block.text ?? '').join('\n');
}

/** An answer that a model can correct itself by: an error that names each place. */
function refuses(result, ...places) {
    assert.equal(result.isError, true, `not an error: ${JSON.stringify(result)}`);
    for (const place of places) {
        assert.ok(text(result).includes(place), `${place} is not named in: ${text(result)}`);
    }
}

async function session(label, revision, mode, transport) {
    const capabilities = { elicitation: { form: {} } };
    const client = new Client({ name: 'peer', version: '1.0.0' }, { capabilities, versionNegotiation: { mode } });
    let agrees = false;
    const plans = [];
    client.setRequestHandler('elicitation/create', async ({ params }) => {
        plans.push(params.message);
        return agrees ? { action: 'accept', content: { confirm: true } } : { action: 'decline' };
    });
    const call = (name, args) => client.callTool({ name, arguments: args }, { timeout: 20_000 });
    const note = `${label} note`;
    let connected = false;
    await check(`${label} connects`, async () => {
        await client.connect(transport, { timeout: 20_000 });
        connected = true;
        assert.equal(client.getNegotiatedProtocolVersion(), revision);
    });
    if (!connected) return;
    await check(`${label} lists the tools with their schemas`, async () => {
        const { tools } = await client.listTools();
        assert.deepEqual(tools.map(tool => tool.name), ['add_note', 'define_word', 'delete_notes', 'search_notes']);
        for (const tool of tools) {
            assert.ok(tool.description, `${tool.name} has no description`);
            assert.equal(tool.inputSchema.type, 'object');
            assert.equal(tool.outputSchema.type, 'object');
        }
        assert.equal(tools[0].annotations.readOnlyHint, false);
        assert.equal(tools[2].annotations.destructiveHint, true);
        assert.equal(tools[3].annotations.readOnlyHint, true);
    });
    await check(`${label} adds a note`, async () => {
        const result = await call('add_note', { text: note });
        assert.notEqual(result.isError, true, text(result));
        assert.equal(result.structuredContent.text, note);
    });
    await check(`${label} finds it, with a default for what is not given`, async () => {
        const { structuredContent } = await call('search_notes', { query: note.toUpperCase() });
        assert.deepEqual(structuredContent.items.map(item => item.text), [note]);
        assert.equal(structuredContent.total, 1);
    });
    await check(`${label} defines a word`, async () => {
        const { structuredContent } = await call('define_word', { word: 'shim' });
        assert.match(structuredContent.meaning, /translates/);
    });
    await check(`${label} is asked before a note is deleted, and deletes none when its user declines`, async () => {
        refuses(await call('delete_notes', { query: note }), 'did not confirm');
        assert.equal(plans.length, 1);
        assert.ok(plans[0].includes(note), plans[0]);
        const { structuredContent } = await call('search_notes', { query: note });
        assert.equal(structuredContent.total, 1);
        agrees = true;
    });
    await check(`${label} deletes the note`, async () => {
        const { structuredContent } = await call('delete_notes', { query: note });
        assert.deepEqual(structuredContent.deleted.map(item => item.text), [note]);
    });
    await check(`${label} is told what a tool could not find`, async () => {
        refuses(await call('delete_notes', { query: note }), 'search_notes');
    });
    await check(`${label} is told of a missing argument`, async () => {
        refuses(await call('add_note', {}), 'text');
    });
    await check(`${label} is told of a wrong type`, async () => {
        refuses(await call('add_note', { text: 7 }), '/text');
    });
    await check(`${label} is told of an argument that does not exist`, async () => {
        refuses(await call('add_note', { text: 'x', colour: 'red' }), 'colour');
    });
    await check(`${label} is told of all violations at once`, async () => {
        refuses(await call('search_notes', { query: 7, limit: 1000, page: 2 }), '/query', '/limit', 'page');
    });
    await check(`${label} is refused a tool that does not exist`, async () => {
        await assert.rejects(call('add_notes', { text: 'x' }), error => error.code === -32602);
    });
    await check(`${label} is served after all of this`, async () => {
        const { structuredContent } = await call('search_notes', { query: note });
        assert.equal(structuredContent.total, 0);
    });
    await check(`${label} closes`, () => client.close());
}

const stdio = name =>
    new StdioClientTransport({
        command: binary,
        args: ['serve', '--transport', 'stdio', '--admin', 'off', '--data', join(scratch, name)],
        cwd: scratch,
        stderr: 'ignore'
    });
const http = () => new StreamableHTTPClientTransport(new URL(url));

const modes = [
    ['2026-07-28', { pin: '2026-07-28' }],
    ['2025-11-25', 'legacy']
];
for (const [revision, mode] of modes) {
    await session(`stdio ${revision}`, revision, mode, stdio(`stdio-${revision}`));
    await session(`http ${revision}`, revision, mode, http());
}
process.exit(failures === 0 ? 0 : 1);
