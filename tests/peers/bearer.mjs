// An issuer of tokens, and a proxy that puts one of them into each request: for clients that have none, such as the official
// conformance suite. Everything else of a request and its answer goes through as it came, `Host` and `Origin` included.
//
// node bearer.mjs PROXY SERVER ISSUER AUDIENCE: the first three are addresses on loopback, `http://127.0.0.1:PORT`. The
// issuer's keys are at ISSUER/keys. It runs until it is ended.

import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer, request as ask } from 'node:http';

const [proxy, server, issuer, audience] = process.argv.slice(2);
const LIFETIME = 300;
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url');

function token() {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
        iss: issuer,
        aud: audience,
        sub: 'suite',
        client_id: 'suite',
        org: 'acme',
        groups: ['testers'],
        scope: 'tools:use prompts:use resources:use',
        iat: now,
        exp: now + LIFETIME,
        jti: randomUUID()
    };
    const signed = `${encode({ typ: 'at+jwt', alg: 'ES256', kid: 'one' })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
}

function listen(address, serve) {
    const { hostname, port } = new URL(address);
    return new Promise(resolve => createServer(serve).listen(Number(port), hostname, resolve));
}

await listen(issuer, (request, response) => {
    const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256', use: 'sig' }];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys }));
});

const { hostname: host, port } = new URL(server);
await listen(proxy, (request, response) => {
    const headers = [...request.rawHeaders, 'Authorization', `Bearer ${token()}`];
    const asked = ask({ host, port, method: request.method, path: request.url, headers, setHost: false, agent: false });
    asked.on('response', answer => {
        response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders);
        // A stream may say nothing for long.
        response.flushHeaders();
        answer.on('error', () => response.destroy());
        answer.pipe(response);
    });
    asked.on('error', () => response.destroy());
    response.on('close', () => asked.destroy());
    request.pipe(asked);
});
