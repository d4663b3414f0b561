import { spawnSync } from 'node:child_process';
import type { Subject } from '../subject.ts';
import { ejabberd } from './ejabberd.ts';
import { prosody } from './prosody.ts';

const peers = [
  { program: 'prosody', subject: prosody },
  { program: 'ejabberdctl', subject: ejabberd },
];

/** The other servers that are installed, and the names of those that are not. */
export function installedPeers(): {
  readonly subjects: readonly Subject[];
  readonly missing: readonly string[];
} {
  const found = peers.map(({ program, subject }) => ({ subject, path: pathOf(program) }));
  return {
    subjects: found.flatMap(({ subject, path }) => (path === undefined ? [] : subject(path))),
    missing: peers.filter((_, index) => found[index]!.path === undefined).map(({ program }) => program),
  };
}

function pathOf(program: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
