import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const OLDEST = '22.14.0';
const main = (app: string): string =>
  fileURLToPath(new URL(`../../../apps/${app}/dist/main.js`, import.meta.url));

/** Elsewhere than on Linux with an x64 processor there is no other Node than the pinned one, and this is skipped. */
const isThere = process.versions.node === OLDEST;

describe.skipIf(!isThere).each([
  ['alone', []],
  ['with workers', ['--workers', '2']],
])(`on Node ${OLDEST}, %s`, (_, workers) => {
  const folder = mkdtempSync(join(tmpdir(), 'apex-oldest-'));
  let server: ChildProcess;
  let address = '';
  const passwords = new Map<string, string>();

  beforeAll(async () => {
    const args = ['serve', '--data', folder, '--port', '0', ...workers];
    server = spawn(process.execPath, [main('apexd'), ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: server.stdout! })) {
      address = /(127\.0\.0\.1:\d+)/.exec(line)?.[1] ?? address;
      const [, endpoint, password] = /^ {2}(\S+@example\.com) +password (\S+)$/.exec(line) ?? [];
      if (endpoint !== undefined && password !== undefined) passwords.set(endpoint, password);
      if (line.startsWith('Ctrl-C')) break;
    }
  });

  afterAll(async () => {
    server.kill('SIGTERM');
    const [code] = await once(server, 'exit');
    rmSync(folder, { recursive: true, force: true });
    expect(code).toBe(0);
  });

  async function apex(name: string, ...args: readonly string[]): Promise<unknown> {
    const endpoint = `${name}@example.com`;
    const child = spawn(
      process.execPath,
      [main('apex'), ...args, '--as', endpoint, '--server', address, '--json'],
      {
        env: { ...process.env, APEX_PASSWORD: passwords.get(endpoint) },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const [code] = await once(child, 'close');
    expect(code).toBe(0);
    return JSON.parse(output);
  }

  it('the server starts, stores, and shows wilma what fred publishes', async () => {
    expect(passwords.size).toBe(3);
    await apex('fred', 'publish', '--until', '2030-01-01T00:00:00Z');
    expect(await apex('wilma', 'fetch', 'fred@example.com')).toMatchObject({
      event: 'entry',
      entry: { tuples: [{ availableUntil: '2030-01-01T00:00:00Z' }] },
    });
  });
});
