import { spawnSync } from 'node:child_process';

/**
 * Two hosts of their own with a link between them that can be cut: network namespaces of Linux. They take the rights of
 * root and the command `ip`; where there are none, `hasNamespaces` is false, and tests skip visibly.
 */
export const hasNamespaces = probe();

/** Addresses that are kept for examples (RFC 5737); nobody else is in these networks. */
const ADDRESSES = ['198.51.100.1', '198.51.100.2'] as const;

export interface Host {
  readonly address: string;
  /** What runs a command there. */
  readonly within: readonly string[];
}

export class Network implements Disposable {
  readonly hosts: readonly [Host, Host];
  readonly #names: readonly string[];

  constructor() {
    this.#names = ['a', 'b'].map((name) => `apex-${process.pid}-${name}`);
    const [a = '', b = ''] = this.#names;
    for (const name of this.#names) ip('netns', 'add', name);
    // Made inside of one, so that it is nowhere else for a moment.
    ip('-n', a, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', b);
    this.#names.forEach((name, index) => {
      ip('-n', name, 'addr', 'add', `${ADDRESSES[index]}/30`, 'dev', 'eth0');
      ip('-n', name, 'link', 'set', 'lo', 'up');
      ip('-n', name, 'link', 'set', 'eth0', 'up');
    });
    this.hosts = [hostOf(a, ADDRESSES[0]), hostOf(b, ADDRESSES[1])];
  }

  /** From now on nothing passes, and nobody is told. */
  cut(): void {
    ip('-n', this.#names[1] ?? '', 'link', 'set', 'eth0', 'down');
  }

  restore(): void {
    ip('-n', this.#names[1] ?? '', 'link', 'set', 'eth0', 'up');
  }

  [Symbol.dispose](): void {
    for (const name of this.#names) spawnSync('ip', ['netns', 'del', name]);
  }
}

function hostOf(name: string, address: string): Host {
  return { address, within: ['ip', 'netns', 'exec', name] };
}

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}

function probe(): boolean {
  const name = `apex-probe-${process.pid}`;
  const isThere = spawnSync('ip', ['netns', 'add', name]).status === 0;
  if (isThere) spawnSync('ip', ['netns', 'del', name]);
  return isThere;
}
