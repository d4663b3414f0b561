import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@apex/client/tcp';
import { createServer, MemoryStore } from '@apex/server';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { openTelemetry } from '../src/open-telemetry.ts';
import { Home } from './server-app.ts';

const fred = 'fred@example.com';
const wilma = 'wilma@example.com';
const password = 'yabba-dabba-doo';
const secret = 'nobody else may know this';

afterEach(() => trace.disable());

describe('without a provider', () => {
  it('there is no tracing, so that no span is made', () => {
    expect(openTelemetry()).toBeUndefined();
  });
});

describe('with a provider', () => {
  async function start() {
    const exporter = new InMemorySpanExporter();
    trace.setGlobalTracerProvider(
      new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
    );
    const tracing = openTelemetry();
    if (tracing === undefined) throw new Error('there is no tracing');
    const server = await createServer({
      domain: 'example.com',
      store: new MemoryStore(),
      listen: { host: '127.0.0.1', port: 0 },
      requireTls: false,
      iterations: 4096,
      accessDefaults: [{ actor: '*@example.com', actions: ['core:data', 'presence:subscribe'] }],
      tracing,
    });
    onTestFinished(() => server.close());
    for (const endpoint of [fred, wilma]) await server.administration.addEndpoint(endpoint, password);
    const dial = async (endpoint: string, credentials = { password }) => {
      const { host, port } = server.address;
      const client = await connect({
        host,
        port,
        endpoint,
        credentials,
        requireTls: false,
        reconnect: false,
      });
      onTestFinished(() => client.close());
      return client;
    };
    const spans = () => exporter.getFinishedSpans();
    /** The first one with this name that has ended. */
    const span = async (name: string, isSo: (found: ReadableSpan) => boolean = () => true) => {
      const find = () => spans().find((one) => one.name === name && isSo(one));
      await expect.poll(find, { timeout: 20_000 }).toBeDefined();
      return find()!;
    };
    return { dial, spans, span };
  }

  it('a publish is a trace: data, its delivery to the service, the operation, and in it decision, commit and fan-out', async () => {
    const { dial, span } = await start();
    const publisher = await dial(fred);
    const subscriber = await dial(wilma);
    await subscriber.presence.subscribe(fred, { durationSeconds: 60 });
    await publisher.presence.publish({
      tuples: [{ destination: 'mailto:fred@example.com', availableUntil: '2030-01-01T00:00:00Z' }],
    });
    const publish = await span('apex.publish');
    expect(publish.attributes).toEqual({
      'apex.subject': fred,
      'apex.originator': fred,
      'apex.trans_id': expect.any(Number),
    });
    expect(publish.status.code).toBe(SpanStatusCode.UNSET);
    const traceId = publish.spanContext().traceId;
    const ours = (one: ReadableSpan) => one.spanContext().traceId === traceId;
    const fanOut = await span('apex.fan-out', ours);
    expect(fanOut.attributes).toEqual({ 'apex.subscribers': 1 });
    const inside = [await span('apex.decide', ours), await span('apex.commit', ours), fanOut];
    for (const one of inside) expect(one.parentSpanContext?.spanId).toBe(publish.spanContext().spanId);
    const delivery = await span('apex.deliver', ours);
    const data = await span('apex.data', ours);
    expect(publish.parentSpanContext?.spanId).toBe(delivery.spanContext().spanId);
    expect(delivery.attributes).toEqual({ 'apex.recipient': 'apex=presence@example.com' });
    expect(delivery.parentSpanContext?.spanId).toBe(data.spanContext().spanId);
    expect(data.parentSpanContext).toBeUndefined();
    expect(data.attributes).toEqual({ 'apex.originator': fred, 'apex.recipients': 1 });
  });

  it('what is refused says so: an operation, data that is not delivered, an authentication', async () => {
    const { dial, span } = await start();
    const client = await dial(wilma);
    await expect(client.presence.fetch('nobody@example.com')).rejects.toMatchObject({ replyCode: 550 });
    const refused = await span('apex.subscribe');
    expect([refused.attributes['apex.reply_code'], refused.status.code]).toEqual([550, SpanStatusCode.ERROR]);
    await client.send(fred, { text: secret });
    const undelivered = await span('apex.deliver', ({ attributes }) => attributes['apex.recipient'] === fred);
    expect(undelivered.attributes['apex.reply_code']).toBe(550);
    await expect(dial(fred, { password: `not ${password}` })).rejects.toMatchObject({ replyCode: 535 });
    const failed = await span('apex.authenticate', ({ status }) => status.code === SpanStatusCode.ERROR);
    expect(failed.attributes).toEqual({
      'apex.mechanism': 'SCRAM-SHA-256',
      'apex.secured': false,
      'apex.reply_code': 535,
    });
  });

  it('operations of both services have spans of their names', async () => {
    const { dial, span } = await start();
    const client = await dial(fred);
    const watching = await client.presence.watch(fred, { durationSeconds: 60 });
    await client.access.allow(wilma);
    await watching.terminate();
    for (const name of ['apex.watch', 'apex.terminate', 'apex.get', 'apex.set']) {
      expect((await span(name)).attributes).toMatchObject({ 'apex.originator': fred, 'apex.subject': fred });
    }
  });

  it('holds no content and no secret, and names nobody who was not let in', async () => {
    const { dial, spans, span } = await start();
    const client = await dial(fred);
    const other = await dial(wilma);
    await client.send(wilma, { text: secret });
    await client.presence.publish({
      tuples: [{ destination: 'mailto:pebbles@example.com', availableUntil: '2030-01-01T00:00:00Z' }],
    });
    await span('apex.publish');
    await span('apex.deliver', ({ attributes }) => attributes['apex.recipient'] === wilma);
    await expect(dial('barney@example.com', { password: `not ${password}` })).rejects.toThrow();
    await span('apex.authenticate', ({ status }) => status.code === SpanStatusCode.ERROR);
    await other.close();
    const told = JSON.stringify(
      spans().map(({ name, attributes, status, events, links }) => ({
        name,
        attributes,
        status,
        events,
        links,
      })),
    );
    expect(told).toContain('apex.authenticate');
    expect(told).not.toMatch(/yabba|nobody else|pebbles|barney/);
  });
});

it.each([
  ['alone', []],
  ['with workers', ['--workers', '1']],
] as const)('the example of the guide traces apexd: %s', async (_, workers) => {
  const home = new Home();
  await home.run('endpoint import', `${fred},${password}\n`);
  const guide = readFileSync(join(import.meta.dirname, '../../../docs/guides/tracing.md'), 'utf8');
  const example = /```js\n(\/\/ instrumentation\.mjs\n[\s\S]*?)```/.exec(guide)?.[1];
  if (example === undefined) throw new Error('the guide has no example');
  // Where the packages are that it names: beside the app.
  const file = join(import.meta.dirname, `instrumentation-${process.pid}-${workers.length}.mjs`);
  writeFileSync(file, example);
  onTestFinished(() => rmSync(file));
  const server = await home.serve(['serve', '--config', home.config, ...workers], ['--import', file]);
  const client = await connect({
    host: '127.0.0.1',
    port: server.port,
    endpoint: fred,
    credentials: { password },
    requireTls: false,
    reconnect: false,
  });
  await client.presence.fetch(fred);
  await client.close();
  const names = ['apex.authenticate', 'apex.data', 'apex.deliver', 'apex.subscribe', 'apex.decide'];
  const missing = () => names.filter((name) => !server.printed().includes(`name: '${name}'`));
  await expect.poll(missing, { timeout: 20_000 }).toEqual([]);
  expect(await server.stop()).toMatchObject({ code: 0 });
});
