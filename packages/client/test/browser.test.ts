import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'rolldown';
import { describe, expect, it } from 'vitest';

/** All that a page loads for it, compressed. zod has 26,000 of them. */
const BUDGET_OCTETS = 80_000;
const NODE_MODULE = /["'`]node:[a-z/_]+["'`]/;

const REACT = /["'`]react["'`]|useSyncExternalStore/;

const entry = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Everything that the entries need, as a browser would get it; an import that a browser cannot follow stays. */
async function bundled(entries: readonly string[], minify = false): Promise<string> {
  const { output } = await build({
    input: [...entries],
    // What a page with hooks has anyway.
    external: ['react'],
    platform: 'browser',
    resolve: { conditionNames: ['@apex/source', 'import'] },
    logLevel: 'silent',
    write: false,
    output: { minify },
  });
  return output.map((part) => (part.type === 'chunk' ? part.code : '')).join('\n');
}

describe('a page', () => {
  it('takes beep, protocol and client without a Node module', async () => {
    const text = await bundled(
      [
        'beep/src/index.ts',
        'beep/src/transport/websocket.ts',
        'protocol/src/index.ts',
        'client/src/index.ts',
        'client/src/websocket.ts',
      ].map(entry),
    );
    expect(text).toContain('http://iana.org/beep/APEX');
    expect(text).not.toMatch(NODE_MODULE);
    expect(text).not.toMatch(/\brequire\(/);
  }, 30_000);

  it('loads a client over WebSocket within its budget', async () => {
    const text = await bundled([entry('client/src/websocket.ts')], true);
    const octets = gzipSync(text, { level: 9 }).length;
    console.info(`@apex/client/websocket in a page: ${octets} octets compressed, ${text.length} as they are`);
    expect(octets).toBeLessThan(BUDGET_OCTETS);
  }, 30_000);

  it('loads hooks only where they are asked for', async () => {
    expect(await bundled([entry('client/src/websocket.ts')])).not.toMatch(REACT);
    const text = await bundled([entry('client/src/react.ts')]);
    expect(text).toMatch(REACT);
    expect(text).not.toMatch(NODE_MODULE);
  }, 30_000);

  it('would show one', async () => {
    expect(await bundled([entry('beep/src/transport/tcp.ts')])).toMatch(NODE_MODULE);
  }, 30_000);
});
