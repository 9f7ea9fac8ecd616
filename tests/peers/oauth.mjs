// An OAuth server that other people wrote, the official TypeScript client, and a server that takes the one's tokens from
// the other.
//
// node oauth.mjs URL ISSUER: URL is of `oauth-server`, which runs with the settings that ISSUER, an address on loopback,
// is its issuer; the issuer is started here. Access tokens live 2 seconds, and as much as `auth.leeway` says.
// Prints one line for each check, `ok NAME` or `FAILED NAME: why`; exits with 1 when one failed.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Provider } from 'oidc-provider';

const [url, issuer] = process.argv.slice(2);
const SCOPES = ['notes:read', 'notes:write', 'notes:delete'];
const CALLBACK = 'http://127.0.0.1/callback';
const LIFETIME = 2;
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

/** The issuer with one key, which is all that a rotation leaves. */
function provider(kid) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const made = new Provider(issuer, {
        clients: [
            {
                client_id: 'machine',
                client_secret: 'a secret of the machine',
                grant_types: ['client_credentials'],
                redirect_uris: [],
                response_types: []
            },
            {
                client_id: 'app',
                application_type: 'native',
                token_endpoint_auth_method: 'none',
                grant_types: ['authorization_code'],
                redirect_uris: [CALLBACK]
            }
        ],
        cookies: { keys: ['a key for cookies'] },
        jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }] },
        clientDefaults: { id_token_signed_response_alg: 'ES256' },
        scopes: SCOPES,
        findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
        features: {
            clientCredentials: { enabled: true },
            devInteractions: { enabled: true },
            resourceIndicators: {
                enabled: true,
                useGrantedResource: () => true,
                getResourceServerInfo: (_, resource) => ({
                    audience: resource,
                    scope: SCOPES.join(' '),
                    accessTokenFormat: 'jwt',
                    accessTokenTTL: LIFETIME,
                    jwt: { sign: { alg: 'ES256' } }
                })
            }
        }
    });
    return made.callback();
}

let serving = provider('first');
/** What clients asked the token endpoint for. */
const asked = [];
const server = createServer((request, response) => {
    asked.push(request.url);
    serving(request, response);
});
const { hostname, port } = new URL(issuer);
await new Promise(resolve => server.listen(Number(port), hostname, resolve));

/** A token by client credentials, without the official client. */
async function token(scope, resource = url) {
    const body = new URLSearchParams({ grant_type: 'client_credentials', resource });
    if (scope) body.set('scope', scope);
    const authorization = `Basic ${btoa(`machine:${encodeURIComponent('a secret of the machine')}`)}`;
    const response = await fetch(`${issuer}/token`, { method: 'POST', headers: { authorization }, body });
    const answer = await response.json();
    assert.ok(answer.access_token, JSON.stringify(answer));
    return answer.access_token;
}

/** A request that begins a session, without the official client. */
function begin(authorization) {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    if (authorization) headers.authorization = authorization;
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'peer', version: '1' } };
    return fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
    });
}

async function refuses(authorization) {
    const response = await begin(authorization);
    assert.equal(response.status, 401);
    assert.match(response.headers.get('www-authenticate'), /error="invalid_token"/);
}

/** Runs with a client of a revision that gets its tokens by itself. */
async function connected(mode, authProvider, run) {
    const client = new Client({ name: 'peer', version: '1.0.0' }, { versionNegotiation: { mode } });
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider });
    try {
        await client.connect(transport, { timeout: 20_000 });
        await run(name => client.callTool({ name, arguments: {} }, { timeout: 20_000 }));
    } finally {
        await client.close();
    }
}

const text = result => result.content.map(block => block.text ?? '').join('\n');
const machine = () =>
    new ClientCredentialsProvider({
        clientId: 'machine',
        clientSecret: 'a secret of the machine',
        expectedIssuer: issuer
    });

/** A person with a browser, who logs in as somebody and agrees to everything. */
async function browse(address, login) {
    const jar = new Map();
    let request = { method: 'GET' };
    for (let step = 0; step < 20; step += 1) {
        const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
        const response = await fetch(address, { ...request, headers: { cookie }, redirect: 'manual' });
        for (const set of response.headers.getSetCookie()) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(set);
            jar.set(name, value);
        }
        const location = response.headers.get('location');
        if (location?.startsWith(CALLBACK)) return new URL(location);
        if (location) {
            [address, request] = [new URL(location, issuer), { method: 'GET' }];
            continue;
        }
        const page = await response.text();
        const [, prompt] = /name="prompt" value="([^"]+)"/.exec(page) ?? assert.fail(`no form: ${page.slice(0, 200)}`);
        const [, action] = /action="([^"]+)"/.exec(page);
        address = new URL(action, issuer);
        request = { method: 'POST', body: new URLSearchParams({ prompt, login, password: 'any' }) };
    }
    throw new Error('the browser goes in circles');
}

/** A client whose tokens somebody has to agree to, in a browser. */
class App {
    redirectUrl = CALLBACK;
    clientMetadata = { redirect_uris: [CALLBACK], client_name: 'app', token_endpoint_auth_method: 'none' };
    clientInformation = () => ({ client_id: 'app' });
    tokens = () => this.saved;
    saveTokens = tokens => void (this.saved = tokens);
    saveCodeVerifier = verifier => void (this.verifier = verifier);
    codeVerifier = () => this.verifier;
    redirectToAuthorization = address => void (this.address = address);
}

await check('whoever has no token is told where to get one', async () => {
    const response = await begin();
    assert.equal(response.status, 401);
    const challenge = response.headers.get('www-authenticate');
    const [, place] = /resource_metadata="([^"]+)"/.exec(challenge);
    assert.match(challenge, /scope="notes:read"/);
    const metadata = await (await fetch(place)).json();
    assert.equal(metadata.resource, url);
    assert.deepEqual(metadata.authorization_servers, [issuer]);
    assert.deepEqual(metadata.scopes_supported.toSorted(), SCOPES.toSorted());
});

for (const [revision, mode] of [['2026-07-28', { pin: '2026-07-28' }], ['2025-11-25', 'legacy']]) {
    await check(`${revision}: a client finds the issuer and gets a token`, async () => {
        await connected(mode, machine(), async call => {
            assert.match(text(await call('whoami')), /^main:machine notes:read$/);
        });
    });
    await check(`${revision}: a client gets all scopes that it lacks in one step`, async () => {
        const own = machine();
        await connected(mode, own, async call => {
            await call('whoami');
            const before = asked.filter(path => path === '/token').length;
            assert.match(text(await call('store')), /^main:machine notes:delete notes:read notes:write$/);
            assert.equal(asked.filter(path => path === '/token').length, before + 1);
            assert.deepEqual(own.tokens().scope.split(' ').toSorted(), SCOPES.toSorted());
        });
    });
    await check(`${revision}: a client whose token has expired gets another`, async () => {
        const own = machine();
        await connected(mode, own, async call => {
            const first = text(await call('whoami'));
            const { access_token } = own.tokens();
            await pause((LIFETIME + 1.5) * 1000);
            assert.equal(text(await call('whoami')), first);
            assert.notEqual(own.tokens().access_token, access_token);
        });
    });
}

await check('a person agrees in a browser, and is the caller', async () => {
    const app = new App();
    const client = () => new Client({ name: 'peer', version: '1.0.0' }, { versionNegotiation: { mode: 'legacy' } });
    const transport = () => new StreamableHTTPClientTransport(new URL(url), { authProvider: app });
    const first = transport();
    await assert.rejects(client().connect(first, { timeout: 20_000 }));
    assert.equal(app.address.searchParams.get('resource'), url);
    assert.equal(app.address.searchParams.get('code_challenge_method'), 'S256');
    const back = await browse(app.address, 'alice');
    await first.finishAuth(back.searchParams);
    await connected('legacy', app, async call => {
        assert.match(text(await call('whoami')), /^main:alice /);
    });
});

await check('a token ends when it expires', async () => {
    const short = await token('notes:read');
    assert.equal((await begin(`Bearer ${short}`)).status, 200);
    await pause((LIFETIME + 1.5) * 1000);
    await refuses(`Bearer ${short}`);
});

await check('a token for another server is refused', async () => {
    await refuses(`Bearer ${await token('notes:read', 'https://other.example/mcp')}`);
});

await check('a token counts in the header only, and once', async () => {
    const good = await token('notes:read');
    const inQuery = await fetch(`${url}?access_token=${good}`, { method: 'POST', body: '{}' });
    assert.equal(inQuery.status, 400);
    await refuses(`Bearer ${good}, Bearer ${good}`);
});

await check('a new key of the issuer is found, and the old one is not believed any more', async () => {
    const old = await token('notes:read');
    assert.equal((await begin(`Bearer ${old}`)).status, 200);
    serving = provider('second');
    await pause(1100);
    assert.equal((await begin(`Bearer ${await token('notes:read')}`)).status, 200);
    await refuses(`Bearer ${old}`);
});

await check('tokens are taken while the issuer is away, as long as they live', async () => {
    const good = await token('notes:read');
    await new Promise(resolve => {
        server.close(resolve);
        server.closeAllConnections();
    });
    assert.equal((await begin(`Bearer ${good}`)).status, 200);
});

process.exit(failures === 0 ? 0 : 1);
