import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { authenticate, beepXml, drive, type Peer, plainClient, type Reply } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import {
  APEX_PROFILE_URI,
  formatInitialization,
  parseInitializationReply,
  serviceData,
} from '@apex/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { type ApexServer, createServer, type ServerOptions } from '../src/create-server.ts';
import type { ServerEvent } from '../src/server-event.ts';
import { MemoryStore } from '../src/store/memory/memory-store.ts';
import { codeOf } from './code-of.ts';

const SCRAM = 'http://iana.org/beep/SASL/SCRAM-SHA-256';
const PLAIN = 'http://iana.org/beep/SASL/PLAIN';
const handler = { message: () => {}, closed: () => {} };
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(
  options: Partial<ServerOptions> = {},
): Promise<{ server: ApexServer; events: ServerEvent[] }> {
  const events: ServerEvent[] = [];
  const server = await createServer({
    domain: 'example.com',
    store: new MemoryStore(),
    listen: { host: '127.0.0.1', port: 0 },
    requireTls: false,
    iterations: 4096,
    onEvent: (event) => events.push(event),
    ...options,
  });
  ends.push(() => server.close());
  return { server, events };
}

async function connect({ address }: ApexServer): Promise<Peer> {
  const peer = drive(await connectTcp(address), { role: 'initiator', profiles: [] });
  ends.push(async () => peer.abort(new Error('the test is over')));
  return peer;
}

describe('a server', () => {
  it('[3080 §9] [3080 §9 rule 1] [B12] offers nothing and takes nothing on sessions that are not protected, by default', async () => {
    const { server } = await start({ requireTls: true });
    const peer = await connect(server);
    expect((await peer.greeting).profiles).toEqual([]);
    for (const uri of [PLAIN, APEX_PROFILE_URI]) {
      expect(await codeOf(peer.startChannel({ profiles: [{ uri }], handler }))).toBe(550);
    }
  });

  it('[B12] offers its mechanisms and the APEX profile, and nobody attaches without authentication', async () => {
    const { server } = await start();
    await server.administration.addEndpoint('fred@example.com', 'yabba');
    const peer = await connect(server);
    expect((await peer.greeting).profiles).toEqual([SCRAM, PLAIN, APEX_PROFILE_URI]);
    const attach = { kind: 'attach', endpoint: 'fred@example.com', transID: 1, options: [] } as const;
    const initialization = formatInitialization(attach);
    const { initializationReply } = await peer.startChannel({
      profiles: [{ uri: APEX_PROFILE_URI, initialization }],
      handler,
    });
    expect(parseInitializationReply(initializationReply)).toMatchObject({ replyCode: 537 });
  });

  it('[B15] is its own domain, by name or by address, and no other', async () => {
    const { server } = await start();
    const peer = await connect(server);
    const profiles = [{ uri: APEX_PROFILE_URI }];
    expect(await codeOf(peer.startChannel({ profiles, serverName: 'rubble.com', handler }))).toBe(550);
    for (const serverName of ['example.com', 'EXAMPLE.com', '127.0.0.1', 'localhost']) {
      const other = await connect(server);
      expect(await codeOf(other.startChannel({ profiles, serverName, handler }))).toBe('accepted');
    }
  });

  it('lets an endpoint in with its password, and with no other', async () => {
    const { server } = await start();
    await server.administration.addEndpoint('fred@example.com', 'yabba');
    const as = (password: string) =>
      plainClient({ authentication: 'fred@example.com', password, requireSecured: false });
    const peer = await connect(server);
    expect(await codeOf(authenticate(peer, as('dabba')))).toBe(535);
    await authenticate(peer, as('yabba'));
    await server.administration.setPassword('fred@example.com', 'doo');
    const other = await connect(server);
    expect(await codeOf(authenticate(other, as('yabba')))).toBe(535);
    await authenticate(other, as('doo'));
  });

  it('[3080 §2.4] declines the session beyond its limit of connections with 421, and says so', async () => {
    const { server, events } = await start({ sessionLimits: { connections: 1 } });
    const first = await connect(server);
    await first.greeting;
    expect(await codeOf((await connect(server)).greeting)).toBe(421);
    expect(events.map(({ name }) => name)).toContain('session.refused');
    await first.released();
    await expect.poll(() => server.sessions).toBe(0);
    await (await connect(server)).greeting;
  });

  it('[B1] tells of a poorly-formed frame in one event, with the header and the address', async () => {
    const { server, events } = await start();
    const socket = connectSocket(server.address);
    socket.on('error', () => {}); // the abort
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await once(socket, 'data');
    socket.write('MSG 0 1 , 0 0\r\nEND\r\n');
    await closed;
    expect(events).toEqual([
      expect.objectContaining({
        level: 'warn',
        name: 'session.ended',
        code: 'frame.parameter',
        header: 'MSG 0 1 , 0 0',
        remote: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      }),
    ]);
  });

  it('[B7] tells of each message that is malformed or too long in one event, and the session lives', async () => {
    const { server, events } = await start({ sessionLimits: { messageOctets: 1000 } });
    await server.administration.addEndpoint('fred@example.com', 'yabba');
    const peer = await connect(server);
    const plain = { authentication: 'fred@example.com', password: 'yabba', requireSecured: false };
    await authenticate(peer, plainClient(plain));
    const attach = { kind: 'attach', endpoint: 'fred@example.com', transID: 1, options: [] } as const;
    const { channel } = await peer.startChannel({
      profiles: [{ uri: APEX_PROFILE_URI, initialization: formatInitialization(attach) }],
      handler,
    });
    const send = (payload: Uint8Array): Promise<Reply> =>
      new Promise((resolve) => channel.send(payload, resolve));
    const service = 'apex=presence@example.com';
    const codes: unknown[] = [];
    for (const payload of [
      beepXml('<data'),
      beepXml('<data />'),
      new Uint8Array(1001),
      serviceData('fred@example.com', service, "<subscribe publisher='fred' transID='1' duration='0' />"),
      serviceData('fred@example.com', service, '<frobnicate />'),
    ]) {
      const reply = await send(payload);
      codes.push(
        'payload' in reply ? /code='(\d+)'/.exec(new TextDecoder().decode(reply.payload))?.[1] : reply.kind,
      );
    }
    expect(codes).toEqual(['500', '501', '554', undefined, undefined]);
    expect(events.map(({ name, code, replyCode }) => [name, code, replyCode])).toEqual([
      ['auth.succeeded', undefined, undefined],
      ['message.refused', 'xml.end', undefined],
      ['message.refused', 'element.attribute.missing', undefined],
      ['message.refused', 'limit.message', undefined],
      ['service.refused', 'element.attribute.value', 501],
      ['service.dropped', 'operation.unknown', undefined],
    ]);
  });

  it('releases its sessions when it closes, and its port can be used again', async () => {
    const { server } = await start();
    const peer = await connect(server);
    await peer.startChannel({ profiles: [{ uri: APEX_PROFILE_URI }], handler });
    await server.close();
    expect(await peer.ended).toEqual({ kind: 'released' });
    await start({ listen: server.address });
  });

  it('says who is to blame when it cannot listen', async () => {
    const { server } = await start();
    await expect(start({ listen: server.address })).rejects.toMatchObject({ code: 'listen.in-use' });
  });

  it('imports all endpoints or none; of one that stands there twice the last password counts', async () => {
    const { server } = await start();
    const { administration } = server;
    await administration.addEndpoint('fred@example.com', 'yabba');
    const entry = (endpoint: string, password: string) => ({ endpoint, password });
    const [dino, fred] = [entry('dino@example.com', 'woof'), entry('FRED@example.com', 'doo')];
    for (const wrong of [entry('dino@rubble.com', 'x'), entry('wilma@example.com', '\u0007')]) {
      await expect(administration.importEndpoints([dino, fred, wrong])).rejects.toMatchObject({
        name: 'UsageError',
      });
    }
    expect(await administration.listEndpoints()).toEqual(['fred@example.com']);
    await administration.importEndpoints([
      entry('dino@example.com', 'x'),
      dino,
      entry('fred@example.com', 'doo'),
    ]);
    expect(await administration.listEndpoints()).toEqual(['dino@example.com', 'fred@example.com']);
    for (const [endpoint, password] of [
      ['dino@example.com', 'woof'],
      ['fred@example.com', 'doo'],
    ] as const) {
      const peer = await connect(server);
      await authenticate(peer, plainClient({ authentication: endpoint, password, requireSecured: false }));
    }
  });

  it('keeps what was stored for the next one on the same store', async () => {
    const store = new MemoryStore();
    const { server } = await start({ store });
    await server.administration.addEndpoint('fred@example.com', 'yabba');
    await server.close();
    const { server: next } = await start({ store });
    expect(await next.administration.listEndpoints()).toEqual(['fred@example.com']);
  });
});
