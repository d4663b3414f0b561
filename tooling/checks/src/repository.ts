import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What must not be committed, because it holds on one machine only: the host of a package registry
 * (a lock file must serve whatever registry a machine is set to) and absolute paths. Written as
 * expressions that do not fit themselves.
 */
const forbidden: readonly { readonly what: string; readonly expression: RegExp }[] = [
  { what: 'the host of a package registry', expression: /\bregistry\.[a-z0-9-]+\.(?:org|com|net|dev|io)\b/i },
  { what: 'the host of a package registry', expression: /\bdeb\.debian\.[a-z]+\b/i },
  { what: 'an absolute path of one machine', expression: /(?<![\w./-])\/(?:work|root)\/[\w.-]/ },
];

/** Returns one line for each place that names something forbidden. */
export function checkText(path: string, text: string, registryHost: string | undefined): readonly string[] {
  const problems: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    for (const { what, expression } of forbidden) {
      if (expression.test(line)) {
        problems.push(`${path}:${index + 1}: names ${what}`);
      }
    }
    if (registryHost !== undefined && line.includes(registryHost)) {
      problems.push(`${path}:${index + 1}: names the host of this machine's package registry`);
    }
  }
  return problems;
}

/** Checks every file that is committed or would be. */
export function checkRepository(root: string): readonly string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const registryHost = configuredRegistryHost();
  const problems: string[] = [];
  for (const path of listed.split('\0')) {
    if (path !== '' && existsSync(join(root, path))) {
      const octets = readFileSync(join(root, path));
      if (!octets.includes(0)) {
        problems.push(...checkText(path, octets.toString('utf8'), registryHost));
      }
    }
  }
  return problems;
}

/** Hosts without a dot are too common as words to search for. */
function configuredRegistryHost(): string | undefined {
  const registry = process.env['npm_config_registry'];
  const host = registry === undefined ? undefined : URL.parse(registry)?.hostname;
  return host?.includes('.') && !host.startsWith('127.') ? host : undefined;
}
