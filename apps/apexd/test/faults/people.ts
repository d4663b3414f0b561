import { spawnSync } from 'node:child_process';
import type { PresenceUpdate } from '@apex/client';
import { type ApexClient, type ConnectOptions, connect } from '@apex/client/tcp';
import { Home, type Serving } from '../server-app.ts';

export const fred = 'fred@example.com';
export const wilma = 'wilma@example.com';

/** A folder with fred and wilma, who may see each other. */
export async function provisioned(changes: Readonly<Record<string, unknown>> = {}): Promise<Home> {
  const home = new Home({
    access: { defaults: [{ actor: '*@example.com', actions: 'core:data presence:subscribe' }] },
    log: { level: 'warn' },
    ...changes,
  });
  await home.run('endpoint import', `${fred},yabba\n${wilma},yabba\n`);
  return home;
}

export function attach(
  { port }: Pick<Serving, 'port'>,
  endpoint: string,
  options: Partial<ConnectOptions> = {},
): Promise<ApexClient> {
  const credentials = { password: 'yabba' };
  return connect({
    host: '127.0.0.1',
    port,
    endpoint,
    credentials,
    requireTls: false,
    reconnect: false,
    ...options,
  });
}

/** An update that can be told from others, with so many characters. */
export function update(number: number, length = 0): PresenceUpdate {
  const capabilities = length === 0 ? [] : [{ baseline: 'http://example.com/x', value: 'x'.repeat(length) }];
  const tuple = { destination: `apex:${fred}`, availableUntil: '2525-12-31T23:59:59Z', capabilities };
  return { publisherInfo: infoOf(number), tuples: [tuple] };
}

export function infoOf(number: number): string {
  return `http://example.com/${number}`;
}

/** Whether a program is there, and does what it is asked for. */
export function works(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args).status === 0;
}

/** Changes a limit of a process, such as `--nofile=20`: the soft one, so that it can be lifted again. */
export function limit(pid: number, what: string): void {
  const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), what], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`prlimit ${what}: ${stderr}`);
}

/** Whether limits of processes can be changed here. */
export const canLimit = works('prlimit', '--pid', String(process.pid), '--nofile');
