import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultSessionLimits } from '../src/session-limits.ts';
import { Application } from './application.ts';
import { HostilePeer } from './hostile-peer.ts';

/**
 * Invariants: whatever peers send, and however they send it, a connection costs the server no more than
 * docs/security.md says; a session that does nothing wrong is served meanwhile; and once they are gone, all is
 * as before.
 */
const { sessionOctets, receiveWindowOctets, channelsPerSession } = defaultSessionLimits;
/** docs/security.md, "Limits": what a connection costs at most. */
const BOUND_OCTETS = 4 * sessionOctets + receiveWindowOctets + channelsPerSession * 12 * 1024;
const PEERS = 8;
/** Generous: this machine may be busy with other things. A server that is kept busy by one attack takes minutes. */
const PATIENCE_MS = 10_000;

let program: ChildProcess;
let port: number;
let ask: () => Promise<{ octets: number; sessions: number }>;
let fred: Application;

beforeAll(async () => {
  const file = fileURLToPath(new URL('./hostile-server.ts', import.meta.url));
  const flags = ['--experimental-strip-types', '--conditions=@apex/source', '--expose-gc'];
  program = spawn(process.execPath, [...flags, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: program.stdout! })[Symbol.asyncIterator]();
  const line = async (): Promise<string> => (await lines.next()).value ?? '';
  port = Number(await line());
  ask = async () => {
    program.stdin!.write('\n');
    return JSON.parse(await line());
  };
  fred = await Application.attach(port, 'fred@example.com', 'yabba');
  await fred.publish(() => 'mailto:fred@flintstone.com');
});

afterAll(async () => {
  await fred.close();
  program.stdin!.end();
});

const data = (content: string): string =>
  `Content-Type: application/beep+xml\r\n\r\n<data content='#C'>${content}</data>`;

const attacks: Readonly<Record<string, (peer: HostilePeer) => Promise<unknown>>> = {
  'says nothing': async () => {},
  'greets and says nothing': (peer) => peer.greet(),
  async 'writes headers octet by octet and never ends them'(peer) {
    await peer.greet();
    for (const octet of 'MSG 0 1 . 52 10') {
      await peer.write(octet);
      await new Promise(setImmediate);
    }
  },
  'writes a header that never ends': (peer) => peer.write('M'.repeat(1 << 20)),
  'writes a number that never ends': (peer) => peer.write(`MSG 0 ${'1'.repeat(1 << 20)}`),
  async 'promises a payload and keeps it back'(peer) {
    await peer.greet();
    await peer.start(1);
    await peer.write('MSG 1 1 . 0 4000\r\n');
  },
  async 'sends a message in fragments of one octet'(peer) {
    await peer.greet();
    await peer.start(1);
    for (let count = 0; count < 20_000; count += 1) if (!(await peer.frame('MSG 1 1 *', 'x'))) return;
  },
  async 'begins a message on each channel and ends none'(peer) {
    await peer.greet();
    const numbers = await peer.start(channelsPerSession);
    for (let round = 0; round < 4; round += 1) {
      for (const number of numbers) await peer.frame(`MSG ${number} 1 *`, 'x'.repeat(4000));
    }
  },
  async 'asks on many channels and takes no reply'(peer) {
    await peer.greet();
    const numbers = await peer.start(64);
    for (let msgno = 1; msgno <= 40; msgno += 1) {
      for (const number of numbers) if (!(await peer.frame(`MSG ${number} ${msgno} .`, data('')))) return;
    }
  },
  async 'nests elements'(peer) {
    await peer.greet();
    await peer.start(1);
    for (let msgno = 1; msgno <= 3; msgno += 1) {
      for (let count = 0; count < 60; count += 1) await peer.frame(`MSG 1 ${msgno} *`, '<a>'.repeat(1300));
      await peer.frame(`MSG 1 ${msgno} .`, data('<a>'.repeat(1000)));
    }
    await peer.frame('MSG 1 4 .', data('<a>'.repeat(20_000)));
  },
  async 'writes elements with very many children and attributes'(peer) {
    await peer.greet();
    await peer.start(1);
    const attributes = Array.from({ length: 5000 }, (_, index) => `a${index}='b'`).join(' ');
    await peer.frame('MSG 1 1 .', data(`<a ${attributes} />`));
    await peer.frame('MSG 1 2 .', data('<a/>'.repeat(15_000)));
    await peer.frame('MSG 1 3 .', data('&amp;'.repeat(12_000)));
  },
  async 'starts channels and closes them, again and again'(peer) {
    await peer.greet();
    for (let count = 0; count < 300; count += 1) {
      await peer.start(1);
      await peer.manage("<close number='1' code='200' />");
    }
  },
  async 'floods with SEQ frames'(peer) {
    await peer.greet();
    for (let count = 0; count < 60; count += 1) await peer.write('SEQ 0 0 4096\r\n'.repeat(5000));
  },
  async 'floods with empty messages'(peer) {
    await peer.greet();
    await peer.start(1);
    for (let msgno = 1; msgno <= 5000; msgno += 1) if (!(await peer.frame(`MSG 1 ${msgno} .`))) return;
  },
  async 'answers what nobody asked'(peer) {
    await peer.greet();
    await peer.start(1);
    await peer.frame('RPY 1 7 *', 'x'.repeat(4000));
  },
  async 'asks for more and more channels with initializations'(peer) {
    await peer.greet();
    const initialization = '&lt;attach endpoint="fred@example.com" transID="1" />'.repeat(60);
    for (let number = 1; number < 400; number += 2) {
      await peer.manage(
        `<start number='${number}'><profile uri='http://iana.org/beep/APEX'>${initialization}</profile></start>`,
      );
    }
  },
};

describe('a server whose peers are hostile', () => {
  it.each(Object.entries(attacks))(
    'bears one that %s',
    async (name, attack) => {
      const before = await ask();
      const peers = await Promise.all(Array.from({ length: PEERS }, () => HostilePeer.connect(port)));
      let isOver = false;
      let slowest = 0;
      const served = (async () => {
        do {
          const begun = performance.now();
          await fred.publish((transID) => `mailto:fred${transID}@flintstone.com`);
          slowest = Math.max(slowest, performance.now() - begun);
          // A person's pace rather than a flood of its own.
          await new Promise((resolve) => setTimeout(resolve, 10));
        } while (!isOver);
      })();
      await Promise.all(peers.map((peer) => attack(peer)));
      isOver = true;
      await served;
      const during = await ask();
      const perPeer = Math.max(0, during.octets - before.octets) / PEERS;
      for (const peer of peers) peer.close();
      await expect.poll(async () => (await ask()).sessions, { timeout: PATIENCE_MS }).toBe(before.sessions);
      const after = await ask();
      if (process.env['APEX_SHOW_FIGURES'] !== undefined) {
        console.log(
          `${name}: ${Math.round(perPeer / 1024)} KiB a connection, slowest update ${Math.round(slowest)} ms`,
        );
      }
      expect(perPeer).toBeLessThan(BOUND_OCTETS);
      expect(slowest).toBeLessThan(PATIENCE_MS);
      // What is left is less than a peer may cost, not something for each.
      expect(after.octets - before.octets).toBeLessThan(BOUND_OCTETS);
    },
    60_000,
  );
});
