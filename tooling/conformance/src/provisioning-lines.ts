/**
 * node src/provisioning-lines.ts endpoints|access [DOMAIN]
 *
 * Prints what a server under test must hold: the endpoints as `endpoint,password` lines, or the access
 * entries as `owner<TAB>actor<TAB>actions` lines. Exit codes: 0 done, 2 wrong usage.
 */
import { accessEntries, importLines } from './provisioning.ts';

const [what, domain = process.env['APEX_TARGET_DOMAIN'] ?? 'example.com', ...rest] = process.argv.slice(2);
const lines =
  rest.length > 0
    ? undefined
    : what === 'endpoints'
      ? importLines(domain.toLowerCase())
      : what === 'access'
        ? accessLines(domain.toLowerCase())
        : undefined;

if (lines === undefined) {
  console.error('usage: provisioning-lines.ts endpoints|access [DOMAIN]');
  process.exitCode = 2;
} else {
  process.stdout.write(lines);
}

function accessLines(domain: string): string {
  return accessEntries(domain)
    .map(({ owner, actor, actions }) => `${owner}\t${actor}\t${actions.join(' ')}\n`)
    .join('');
}
