import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type OutputChunk } from 'rolldown';
import { describe, expect, it } from 'vitest';

/** Compressed. */
const BUDGET_OCTETS = 45_000;
const NODE_MODULE = /["'`]node:[a-z/_]+["'`]/;
const REACT = /["'`]react["'`]|useSyncExternalStore/;

const path = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));

/** Everything that the entries need, as a browser would get it; an import that a browser cannot follow stays. */
async function chunks(entries: readonly string[], minify = false): Promise<readonly OutputChunk[]> {
  const { output } = await build({
    input: entries.map(path),
    // What a page with hooks has anyway.
    external: ['react'],
    platform: 'browser',
    resolve: { conditionNames: ['@apex/source', 'import'] },
    logLevel: 'silent',
    write: false,
    output: { minify },
  });
  return output.filter((part) => part.type === 'chunk');
}

async function bundled(...entries: readonly string[]): Promise<string> {
  return (await chunks(entries)).map(({ code }) => code).join('\n');
}

/** The files that a page loads before its script runs: not those that it loads when they are asked for. */
async function firstLoad(entry: string): Promise<readonly string[]> {
  const all = await chunks([entry], true);
  const loaded = new Set(all.filter(({ isEntry }) => isEntry));
  for (const { imports } of loaded) {
    for (const chunk of all) if (imports.includes(chunk.fileName)) loaded.add(chunk);
  }
  return [...loaded].map(({ code }) => code);
}

describe('a page', () => {
  it('takes beep, protocol and client without a Node module', async () => {
    const text = await bundled(
      'beep/src/index.ts',
      'beep/src/transport/websocket.ts',
      'protocol/src/index.ts',
      'client/src/index.ts',
      'client/src/websocket.ts',
    );
    expect(text).toContain('http://iana.org/beep/APEX');
    expect(text).not.toMatch(NODE_MODULE);
    expect(text).not.toMatch(/\brequire\(/);
  }, 30_000);

  it('loads a client within its budget, which is all that it takes to attach with a password', async ({
    task,
  }) => {
    const files = await firstLoad('client/test/whole-page.ts');
    const octets = files.reduce((sum, code) => sum + gzipSync(code, { level: 9 }).length, 0);
    // `npm test` ends with it.
    Object.assign(task.meta, {
      measured: `a page loads ${octets} octets of @apex/client/websocket, compressed`,
    });
    expect(octets).toBeLessThan(BUDGET_OCTETS);
    const readme = readFileSync(path('client/README.md'), 'utf8');
    const stated = /A page loads ([\d.]+) kB for all of it, compressed/.exec(readme)?.[1];
    expect(Number(stated)).toBeCloseTo(octets / 1000, 0);
    // SCRAM is there, what few pages need is not, and no schema is.
    expect(files.join()).toContain('SCRAM-');
    expect(files.join()).not.toMatch(/DIGEST-MD5 has|safeParse/);
  }, 30_000);

  it('loads hooks only where they are asked for', async () => {
    expect(await bundled('client/src/websocket.ts')).not.toMatch(REACT);
    const text = await bundled('client/src/react.ts');
    expect(text).toMatch(REACT);
    expect(text).not.toMatch(NODE_MODULE);
  }, 30_000);

  it('would show one', async () => {
    expect(await bundled('beep/src/transport/tcp.ts')).toMatch(NODE_MODULE);
  }, 30_000);
});
