import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '@apex/fuzz/random';
import type { Actor, Stage } from './actor.ts';

const xml = (text: string): string => `Content-Type: application/beep+xml\r\n\r\n${text}`;
const frame = (keyword: string, msgno: number, seqno: number, payload: string): string =>
  `${keyword} 0 ${msgno} . ${seqno} ${payload.length}\r\n${payload}END\r\n`;
const hello = xml('<greeting />\r\n');
const GREETING = frame('RPY', 0, 0, hello);

/** Connects and sends anything but what it should. */
export class Stranger implements Actor {
  readonly #stage: Stage;
  readonly #random: Random;

  constructor(stage: Stage, random: Random) {
    this.#stage = stage;
    this.#random = random;
  }

  async enter(): Promise<void> {}

  async leave(): Promise<void> {}

  async act(): Promise<void> {
    const { place, model } = this.#stage;
    if (place.port === undefined) return;
    const socket = connect({ host: '127.0.0.1', port: place.port });
    // The server may be killed at any time.
    socket.on('error', () => {});
    socket.resume();
    socket.write(this.#octets());
    await Promise.race([closed(socket), pause(this.#random.below(400))]);
    if (this.#random.once(2)) socket.resetAndDestroy();
    else socket.end();
    await Promise.race([closed(socket), pause(200)]);
    socket.destroy();
    model.figures.garbage += 1;
  }

  #octets(): Uint8Array {
    const text = this.#random.pick([
      '',
      'GET / HTTP/1.1\r\nHost: example.com\r\n\r\n',
      'MSG 0 1 . 0',
      'MSG '.repeat(5000),
      GREETING.slice(0, this.#random.below(GREETING.length)),
      GREETING + frame('MSG', 1, hello.length, xml('<start number=')),
      GREETING + frame('MSG', 1, hello.length, xml('<close number="0" code="200" />')),
      `${GREETING}MSG 0 1 . ${hello.length} 2000000000\r\n`,
      `${GREETING}MSG 7 1 . 0 4\r\nevilEND\r\n`,
      GREETING + frame('RPY', 9, hello.length, xml('<ok />')),
      `${GREETING}SEQ 0 4294967295 1\r\n`,
    ]);
    const noise = new Uint8Array(this.#random.below(500)).map(() => this.#random.below(256));
    return Buffer.concat([Buffer.from(text, 'latin1'), this.#random.once(2) ? noise : new Uint8Array()]);
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
