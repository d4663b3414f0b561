import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { decodeBase64, encodeBase64 } from '../../../src/message/base64.ts';

/** Whether GNU SASL is installed: another implementation to talk to. */
export const hasGsasl = spawnSync('gsasl', ['--version']).status === 0;

/** One exchange with the program: a message is a line of base64. */
export class Gsasl implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #exit: Promise<number | null>;

  constructor(role: 'client' | 'server', mechanism: string, password: string, more: readonly string[] = []) {
    const host = ['--hostname', 'example.com', '--realm', 'example.com', '--service', 'beep'];
    const how = ['--quiet', '--no-cb', '--quality-of-protection', 'qop-auth', '--iteration-count', '4096'];
    // The last one means: without any, since the default is with.
    const who = ['--authentication-id', 'bob', '--password', password, '-d'];
    this.#child = spawn('gsasl', [`--${role}`, '--mechanism', mechanism, ...how, ...host, ...who, ...more]);
    this.#child.stderr.resume();
    this.#exit = new Promise((resolve, reject) => this.#child.on('close', resolve).on('error', reject));
    // When it has failed it reads no more: its exit code tells.
    this.#child.stdin.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async read(): Promise<Uint8Array> {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error('gsasl has ended');
      // Its prompts and the name of the mechanism are no messages.
      if (!/^[A-Z0-9-]+-[A-Z0-9-]+$|^PLAIN$|^EXTERNAL$|[ :]/.test(value)) return decodeBase64(value);
    }
  }

  write(message: Uint8Array): void {
    this.#child.stdin.write(`${encodeBase64(message)}\n`);
  }

  /** Nothing more comes from here; whether the program was content. */
  async end(): Promise<boolean> {
    this.#child.stdin.end('\n');
    return (await this.#exit) === 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#exit;
  }
}
