import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { io } from '../../client/socket.io.js';

/**
 * A Socket.IO server that knows long-polling only, and one client: it joins every namespace that is
 * asked for, and answers `echo` with its argument.
 */
class PollingServer {
  queue = [];
  log = [];
  #poll;
  #server = createServer((request, response) => void this.#handle(request, response));

  async start() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  push(...packets) {
    this.queue.push(...packets);
    const poll = this.#poll;
    this.#poll = undefined;
    poll?.end(this.queue.splice(0).join('\u001e'));
  }

  async #handle(request, response) {
    const query = new URL(request.url, 'http://x').searchParams;
    this.log.push(`${request.method} ${query.get('EIO')} ${query.get('transport')} ${query.get('sid') ?? '-'}`);
    if (request.method === 'GET') {
      if (!query.has('sid')) this.queue = ['0{"sid":"S1","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100000}'];
      this.#poll = response;
      if (this.queue.length > 0) this.push();
      return;
    }
    let body = '';
    for await (const part of request) body += part;
    response.end('ok');
    for (const packet of body.split('\u001e')) this.#receive(packet);
  }

  #receive(packet) {
    this.log.push(packet);
    const join = /^40(\/[^,]*,)?/.exec(packet);
    if (join) this.push(`40${join[1] ?? ''}{"sid":"N${this.log.length}"}`);
    const echo = /^42(\/[^,]*,)?(\d+)\["echo",(.*)\]$/.exec(packet);
    if (echo) this.push(`43${echo[1] ?? ''}${echo[2]}[${echo[3]}]`);
    if (packet.startsWith('45')) this.binaryHeader = packet;
    if (packet.startsWith('b')) this.push(this.binaryHeader.replace(/^451-(\d+)\["echo",/, '461-$1['), packet);
    if (packet === '1') this.push('6');
  }
}

const server = new PollingServer();
let address;
before(async () => {
  address = await server.start();
});
after(() => server.stop());

test('connect, acknowledge, receive, ping and close over HTTP', async () => {
  const socket = io(`${address}/`, { transports: ['polling'], forceNew: true });
  const other = socket.io.socket('/other');
  await new Promise((resolve) => socket.on('connect', resolve));
  assert.equal(server.log[0], 'GET 4 polling -');
  assert.equal(await socket.timeout(5000).emitWithAck('echo', 'hé\u001e"'), 'hé\u001e"');
  assert.deepEqual(await other.timeout(5000).emitWithAck('echo', { a: [1, null] }), { a: [1, null] });
  const binary = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
  assert.deepEqual(await socket.timeout(5000).emitWithAck('echo', binary), binary.buffer);
  const news = new Promise((resolve) => socket.on('news', (...args) => resolve(args)));
  server.push('2', '42["news",1,"two"]');
  assert.deepEqual(await news, [1, 'two']);
  const reasons = [];
  socket.on('disconnect', (reason) => reasons.push(reason));
  other.disconnect();
  socket.disconnect();
  while (server.log.at(-1) !== '1') await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(reasons, ['io client disconnect']);
  assert.ok(server.log.includes('3'), 'the ping was answered');
  assert.ok(server.log.includes('POST 4 polling S1'));
});

test('a server that is not there is a connect_error', async () => {
  const nobody = new PollingServer();
  const gone = await nobody.start();
  nobody.stop();
  const socket = io(gone, { transports: ['polling'], forceNew: true, reconnection: false });
  const error = await new Promise((resolve) => socket.on('connect_error', resolve));
  assert.ok(error instanceof Error);
  socket.disconnect();
});
