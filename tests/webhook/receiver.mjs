// A provider's side of webhooks, for tests/webhook.sh: receiver.mjs FOLDER PACKAGE PLAIN_PORT TLS_PORT
//
// http://127.0.0.1:PLAIN_PORT/NAME/PLAN is a hook: PLAN says how its requests are answered, one after the other and the last for ever:
// a status, `slow` for 200 after two seconds, or `hang` for no answer at all; /NAME/500,200 fails once. Each request is a line of FOLDER/requests when it comes:
//   {"name", "id", "type", "content", "signatures", "open", "valid", …the event's data}
// open: how many requests of this name are under way; valid: which lines of FOLDER/keys.NAME verify a signature of the request. That is
// judged by the npm package `standardwebhooks` in PACKAGE, or, when PACKAGE is empty, by openssl.
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { createRequire } from 'node:module';

const [folder, packageFolder, plainPort, tlsPort] = process.argv.slice(2);
const Webhook = packageFolder ? createRequire(`${packageFolder}/`)('standardwebhooks').Webhook : null;
const requests = new Map(); // by name, how many came
const open = new Map(); // by name, how many are under way

function hmacByOpenssl(key, text) {
    const hex = Buffer.from(key, 'base64').toString('hex');
    return execFileSync('openssl', ['dgst', '-sha256', '-mac', 'HMAC', '-macopt', `hexkey:${hex}`, '-binary'], { input: text }).toString('base64');
}

function isValid(key, headers, body) {
    if (Webhook) {
        try {
            new Webhook(key).verify(body, headers);
            return true;
        } catch {
            return false;
        }
    }
    const wanted = `v1,${hmacByOpenssl(key, `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)}`;
    const age = Date.now() / 1000 - Number(headers['webhook-timestamp']);
    return Math.abs(age) < 300 && headers['webhook-signature'].split(' ').includes(wanted);
}

function validKeys(name, headers, body) {
    const keys = readFileSync(`${folder}/keys.${name}`, 'utf8').split('\n').filter(Boolean);
    return keys.map((key, i) => (isValid(key, headers, body) ? i + 1 : 0)).filter(Boolean);
}

function handle(request, response) {
    const [, name, plan] = request.url.split('/');
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const event = JSON.parse(body);
        const count = (requests.get(name) ?? 0) + 1;
        const steps = plan.split(',');
        const step = steps[Math.min(count, steps.length) - 1];
        requests.set(name, count);
        open.set(name, (open.get(name) ?? 0) + 1);
        response.on('close', () => open.set(name, open.get(name) - 1));
        const line = {
            ...event.data,
            name,
            id: request.headers['webhook-id'],
            type: event.type,
            content: request.headers['content-type'],
            signatures: request.headers['webhook-signature'].split(' ').length,
            open: open.get(name),
            valid: validKeys(name, request.headers, body),
        };
        appendFileSync(`${folder}/requests`, `${JSON.stringify(line)}\n`);
        const answer = (status) => response.writeHead(status, { Location: '/elsewhere/200' }).end('{"thanks": true}');
        if (step === 'slow') setTimeout(answer, 2000, 200);
        else if (step !== 'hang') answer(Number(step));
    });
}

const tls = { key: readFileSync(`${folder}/tls.key`), cert: readFileSync(`${folder}/tls.crt`) };
const servers = [
    [http.createServer(handle), plainPort, '127.0.0.1'],
    [http.createServer(handle), plainPort, '127.0.0.2'],
    [https.createServer(tls, handle), tlsPort, '127.0.0.1'],
];
await Promise.all(servers.map(([server, port, host]) => new Promise((ready) => server.listen(Number(port), host, ready))));
writeFileSync(`${folder}/ready`, '');
