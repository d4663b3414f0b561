import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultRelayLimits } from '../src/relay/limits.ts';
import { defaultSessionLimits } from '../src/session-limits.ts';
import { Application } from './application.ts';
import { HostilePeer } from './hostile-peer.ts';

/**
 * Invariants: whatever peers send, and however they send it, a connection costs the server no more than
 * docs/security.md says; a session that does nothing wrong is served meanwhile; and once they are gone, all is
 * as before.
 */
const { sessionOctets, receiveWindowOctets, channelsPerSession } = defaultSessionLimits;
/** docs/security.md, "Limits": what a connection costs at most, before it is attached and after. */
const STRANGER_OCTETS = 4 * sessionOctets + 2 * receiveWindowOctets + channelsPerSession * 12 * 1024;
const ATTACHED_OCTETS = STRANGER_OCTETS + 2 * defaultRelayLimits.unsentOctets;
const PEERS = 8;
/**
 * What the server may compute: for octets that peers have written, for each update beside them, and for what the
 * measuring itself takes. Processor time, so that it does not matter who else is busy.
 */
const COMPUTED_MS = { perOctet: 0.003, perUpdate: 10, perMeasurement: 150, beside: 500 };
/** By which two measurements of the same differ. */
const SPREAD_OCTETS = 256 * 1024;
/** Generous: this machine may be busy with other things. A server that is kept busy by one attack takes minutes. */
const PATIENCE_MS = 10_000;

let program: ChildProcess;
let port: number;
let ask: () => Promise<{ octets: number; computedMs: number; sessions: number }>;
let fred: Application;
let wilma: Application;
/** What wilma was told last, and who waits for it. */
let told = Promise.withResolvers<readonly string[]>();

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
  wilma = await Application.attach(port, 'wilma@example.com', 'yabba');
  await wilma.subscribe('fred@example.com', (destinations) => told.resolve(destinations));
});

afterAll(async () => {
  await fred.close();
  await wilma.close();
  program.stdin!.end();
});

const data = (content: string): string =>
  `Content-Type: application/beep+xml\r\n\r\n<data content='#C'>${content}</data>`;

type Attacks = Readonly<Record<string, (peer: HostilePeer) => Promise<unknown>>>;

/** From barney's endpoint of that number to itself. */
const toItself = (endpoint: string, octets: number, times = 1): string =>
  [
    `Content-Type: application/beep+xml\r\n\r\n<data content='#C'><originator identity='${endpoint}' />`,
    `<recipient identity='${endpoint}' />`.repeat(times),
    `<data-content Name='C'>${'x'.repeat(octets)}</data-content></data>`,
  ].join('');

/** Attached on the first of `count` APEX channels; returns their numbers, from 3 on, and the endpoint. */
async function attached(peer: HostilePeer, count: number): Promise<{ numbers: number[]; endpoint: string }> {
  await peer.greet();
  await peer.authenticate('barney@example.com', 'yabba');
  const numbers = await peer.start(count, 3);
  const endpoint = `barney/appl=${peer.socket.localPort}@example.com`;
  const attach = `<attach endpoint='${endpoint}' transID='1' />`;
  await peer.frame('MSG 3 1 .', `Content-Type: application/beep+xml\r\n\r\n${attach}`);
  await peer.isAnswered(3, 1);
  return { numbers, endpoint };
}

/** By those who have not authenticated. */
const strangers: Attacks = {
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
    for (let count = 0; count < 150; count += 1) {
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
  async 'takes no reply and fills all windows that are open'(peer) {
    await peer.greet();
    const numbers = await peer.start(channelsPerSession);
    for (const number of numbers) await peer.write(`SEQ ${number} 0 0\r\n`);
    for (const number of numbers) await peer.fill(number, 1);
  },
  async 'takes no reply to messages of one octet'(peer) {
    await peer.greet();
    const numbers = await peer.start(64);
    for (const number of numbers) await peer.write(`SEQ ${number} 0 0\r\n`);
    for (let msgno = 1; msgno <= 60; msgno += 1) {
      for (const number of numbers) if (!(await peer.frame(`MSG ${number} ${msgno} .`, 'x'))) return;
    }
  },
  async 'opens its windows and closes them, again and again'(peer) {
    await peer.greet();
    await peer.start(1);
    for (let msgno = 1; msgno <= 100; msgno += 1) {
      await peer.frame(`MSG 1 ${msgno} .`, data(''));
      await peer.write('SEQ 1 0 0\r\nSEQ 1 0 4096\r\n'.repeat(100));
    }
  },
};

/** By those who have, and are attached. */
const members: Attacks = {
  async 'is sent data and takes none'(peer) {
    const { endpoint } = await attached(peer, 2);
    for (let msgno = 1; msgno <= 600; msgno += 1) {
      if (!(await peer.frame(`MSG 5 ${msgno} .`, toItself(endpoint, 4000)))) return;
    }
  },
  async 'is sent data, takes it, and answers none'(peer) {
    const { endpoint } = await attached(peer, 2);
    await peer.write(`SEQ 3 0 ${2 ** 31 - 1}\r\nSEQ 5 0 ${2 ** 31 - 1}\r\n`);
    for (let msgno = 1; msgno <= 600; msgno += 1) {
      if (!(await peer.frame(`MSG 5 ${msgno} .`, toItself(endpoint, 1, 100)))) return;
    }
  },
  async 'takes nothing and fills all windows that are open'(peer) {
    const { numbers, endpoint } = await attached(peer, channelsPerSession - 1);
    for (const number of numbers) await peer.write(`SEQ ${number} 0 0\r\n`);
    for (const number of numbers.slice(1, 60))
      await peer.frame(`MSG ${number} 1 .`, toItself(endpoint, 3000));
    for (const number of numbers) await peer.fill(number, 2);
  },
};

describe('a server whose peers are hostile', () => {
  it.each([
    ...Object.entries(strangers).map(([name, attack]) => [name, attack, STRANGER_OCTETS] as const),
    ...Object.entries(members).map(([name, attack]) => [name, attack, ATTACHED_OCTETS] as const),
  ])(
    'bears one that %s',
    async (name, attack, boundOctets) => {
      const before = await ask();
      const peers = await Promise.all(Array.from({ length: PEERS }, () => HostilePeer.connect(port)));
      let isOver = false;
      let slowest = 0;
      let updates = 0;
      const measured = [before];
      const served = (async () => {
        do {
          const begun = performance.now();
          told = Promise.withResolvers();
          const transID = await fred.publish((own) => `mailto:fred${own}@flintstone.com`);
          expect(await told.promise).toEqual([`mailto:fred${transID}@flintstone.com`]);
          slowest = Math.max(slowest, performance.now() - begun);
          updates += 1;
          if (updates % 50 === 0) measured.push(await ask());
          // A person's pace rather than a flood of its own.
          await new Promise((resolve) => setTimeout(resolve, 10));
        } while (!isOver);
      })();
      await Promise.all(peers.map((peer) => attack(peer)));
      // What they have written may not have been read yet: a peer that floods is slowed.
      for (let growth = 1, rest = 8; growth > 0 && rest > 0; rest -= 1) {
        const [last = before] = measured.slice(-1);
        await new Promise((resolve) => setTimeout(resolve, 100));
        const now = await ask();
        measured.push(now);
        growth = now.octets - last.octets - SPREAD_OCTETS;
      }
      isOver = true;
      await served;
      const during = await ask();
      measured.push(during);
      const most = Math.max(...measured.map(({ octets }) => octets));
      const perPeer = (most - before.octets) / PEERS;
      const written = peers.reduce((sum, { socket }) => sum + socket.bytesWritten, 0);
      const computedMs = during.computedMs - before.computedMs;
      const allowedMs =
        COMPUTED_MS.beside +
        COMPUTED_MS.perOctet * written +
        COMPUTED_MS.perUpdate * updates +
        COMPUTED_MS.perMeasurement * measured.length;
      for (const peer of peers) peer.close();
      await expect.poll(async () => (await ask()).sessions, { timeout: PATIENCE_MS }).toBe(before.sessions);
      const after = await ask();
      if (process.env['APEX_SHOW_FIGURES'] !== undefined) {
        console.log(
          `${name}: ${Math.round(perPeer / 1024)} KiB a connection, slowest update ${Math.round(slowest)} ms, ` +
            `computed ${Math.round(computedMs)} of ${Math.round(allowedMs)} ms for ${written} octets`,
        );
      }
      expect(perPeer).toBeLessThan(boundOctets);
      expect(computedMs).toBeLessThan(allowedMs);
      expect(slowest).toBeLessThan(PATIENCE_MS);
      // What is left is less than a peer may cost, not something for each.
      expect(after.octets - before.octets).toBeLessThan(STRANGER_OCTETS);
    },
    60_000,
  );
});
