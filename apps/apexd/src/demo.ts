import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ApexServer } from '@apex/server';
import { type Config, configSchema } from './config.ts';

/** What `apexd serve` runs without a configuration: loopback only, three endpoints, wilma allowed by fred. */
export const DEMO_PORT = 9130;
const names = ['fred', 'wilma', 'barney'] as const;
const domain = 'example.com';

export function demoConfig(folder: string, port: number, httpPort: number): Config {
  return configSchema.parse({
    domain,
    dataDir: resolve(folder),
    edge: { host: '127.0.0.1', port },
    http: { host: '127.0.0.1', port: httpPort },
    auth: { requireTls: false },
    log: { level: 'warn' },
    // Whoever tries it out stops it with Ctrl-C, and has seen enough.
    drain: { graceSeconds: 0 },
  });
}

type Passwords = Readonly<Record<(typeof names)[number], string>>;

/** Made on the first start and kept beside the store, so that a restart keeps them. */
export function demoPasswords(folder: string): Passwords {
  const path = join(folder, 'demo-passwords.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Passwords;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const passwords = Object.fromEntries(names.map((name) => [name, pronounceable(10)]));
  writeFileSync(path, `${JSON.stringify(passwords)}\n`, { mode: 0o600 });
  return passwords as Passwords;
}

/** Provisions what is missing. Fred lets wilma, with all her subaddresses, subscribe to him (C16). */
export async function provisionDemo(server: ApexServer, passwords: Passwords): Promise<void> {
  const { administration } = server;
  const present = new Set(await administration.listEndpoints());
  for (const name of names) {
    const endpoint = `${name}@${domain}`;
    if (present.has(endpoint)) continue;
    await administration.addEndpoint(endpoint, passwords[name]);
    if (name !== 'fred') continue;
    for (const actor of [`wilma@${domain}`, `wilma/*@${domain}`]) {
      await administration.setAccess(endpoint, actor, ['core:data', 'presence:subscribe']);
    }
  }
}

/** Everything a person needs to try it, as printed on the terminal. */
export function demoText(passwords: Passwords, host: string, port: number, console: string): string {
  const server = port === DEMO_PORT ? '' : ` --server ${host}:${port}`;
  const command = (name: (typeof names)[number], rest: string): string =>
    `  APEX_PASSWORD=${passwords[name]} npm run -s apex -- ${rest} --as ${name}@${domain}${server}`;
  return [
    `apexd serves the demo domain ${domain} on ${host}:${port} (loopback only, no TLS).`,
    '',
    ...names.map((name) => `  ${`${name}@${domain}`.padEnd(20)} password ${passwords[name]}`),
    '',
    `In a browser, in two windows beside each other, as fred and as wilma: ${console}`,
    '',
    'Or paste each of these into a terminal of its own, in this folder:',
    '',
    command('fred', 'watch fred@example.com'),
    command('wilma', 'subscribe fred@example.com --duration 60'),
    command('fred', 'publish --available-for 1h'),
    '',
    'barney is not allowed to see fred (reply code 537):',
    '',
    command('barney', 'subscribe fred@example.com'),
    '',
    'Ctrl-C stops the server.',
    '',
  ].join('\n');
}

function pronounceable(length: number): string {
  const letters = ['bdfghklmnprstvz', 'aeiou'];
  let word = '';
  for (let index = 0; index < length; index += 1) {
    const set = letters[index % 2]!;
    word += set[randomInt(set.length)];
  }
  return `${word}${randomInt(10, 100)}`;
}
