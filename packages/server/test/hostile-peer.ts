import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A peer that knows the protocol and does not keep to it. It writes frames by hand and obeys windows only if asked to. */
export class HostilePeer {
  readonly socket: Socket;
  isClosed = false;
  #text = '';
  readonly #seqnos = new Map<number, number>();
  readonly #edges = new Map<number, number>();
  #message = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {}); // an aborted connection is what it asks for
    socket.once('close', () => {
      this.isClosed = true;
    });
  }

  static async connect(port: number): Promise<HostilePeer> {
    const socket = connect({ host: '127.0.0.1', port });
    const peer = new HostilePeer(socket);
    await once(socket, 'connect');
    socket.on('data', (octets: Buffer) => peer.#read(octets.toString('latin1')));
    return peer;
  }

  /** Windows that were given; the rest is of no interest. */
  #read(text: string): void {
    this.#text = (this.#text + text).slice(-65_536);
    for (const [, channel = '', ackno = '', window = ''] of this.#text.matchAll(
      /^SEQ (\d+) (\d+) (\d+)\r$/gm,
    )) {
      this.#edges.set(Number(channel), Number(ackno) + Number(window));
    }
  }

  /** Gives the text away; waits while the system does not take it, or until the connection is gone. */
  async write(text: string | Buffer): Promise<void> {
    if (this.isClosed || this.socket.write(text)) return;
    await new Promise<void>((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        this.socket.off('drain', over);
        this.socket.off('close', over);
        resolve();
      };
      // A peer that is not read any more has come to its end.
      const timer = setTimeout(over, 1000);
      this.socket.on('drain', over);
      this.socket.on('close', over);
    });
  }

  async greet(): Promise<void> {
    await this.frame('RPY 0 0 .', 'Content-Type: application/beep+xml\r\n\r\n<greeting />');
  }

  /** A frame with the right seqno, such as `MSG 1 1 *`. False when the peer gives no window for it. */
  async frame(parameters: string, payload = ''): Promise<boolean> {
    const channel = Number(parameters.split(' ')[1]);
    const seqno = this.#seqnos.get(channel) ?? 0;
    if (!(await this.#hasRoom(channel, seqno + payload.length))) return false;
    this.#seqnos.set(channel, seqno + payload.length);
    await this.write(`${parameters} ${seqno} ${payload.length}\r\n${payload}END\r\n`);
    return !this.isClosed;
  }

  async #hasRoom(channel: number, until: number): Promise<boolean> {
    for (let wait = 0; wait < 20; wait += 1) {
      if (this.isClosed) return false;
      if ((this.#edges.get(channel) ?? 4096) >= until) return true;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return false;
  }

  manage(xml: string): Promise<boolean> {
    this.#message += 1;
    return this.frame(`MSG 0 ${this.#message} .`, `Content-Type: application/beep+xml\r\n\r\n${xml}`);
  }

  /** PLAIN, on channel 1. */
  async authenticate(endpoint: string, password: string): Promise<void> {
    const blob = Buffer.from(`\0${endpoint}\0${password}`).toString('base64');
    const profile = `<profile uri='http://iana.org/beep/SASL/PLAIN'>&lt;blob>${blob}&lt;/blob></profile>`;
    await this.manage(`<start number='1'>${profile}</start>`);
  }

  /** A message that takes all that is open of the window of a channel, at most 60,000 octets. */
  async fill(channel: number, msgno: number): Promise<boolean> {
    const room = (this.#edges.get(channel) ?? 4096) - (this.#seqnos.get(channel) ?? 0);
    return room > 0 && (await this.frame(`MSG ${channel} ${msgno} .`, 'x'.repeat(Math.min(room, 60_000))));
  }

  /** Starts APEX channels from that number on, such as 1, 3, 5 …; returns their numbers. */
  async start(count: number, first = 1): Promise<number[]> {
    const numbers = Array.from({ length: count }, (_, index) => first + 2 * index);
    for (const number of numbers) {
      await this.manage(`<start number='${number}'><profile uri='http://iana.org/beep/APEX' /></start>`);
      // Keeps the windows of channel zero open.
      if (number % 16 === 1) await this.write(`SEQ 0 0 ${1 << 20}\r\n`);
    }
    // All windows have been opened by then.
    await this.isAnswered(0, this.#message);
    return numbers;
  }

  /** Waits for the reply to a message, or until the connection is gone. */
  async isAnswered(channel: number, msgno: number): Promise<void> {
    const reply = new RegExp(`^(RPY|ERR) ${channel} ${msgno} \\.`, 'm');
    while (!this.isClosed && !reply.test(this.#text)) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  close(): void {
    this.socket.destroy();
  }
}
