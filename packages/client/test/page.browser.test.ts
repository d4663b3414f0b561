import { fileURLToPath } from 'node:url';
import { createServer, MemoryStore } from '@apex/server';
import { hasBrowser, openBrowser, type Visitor } from '@apex/vitest/browser';
import { servePage } from '@apex/vitest/page';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BARNEY, FRED, WILMA } from './house.ts';

const host = '127.0.0.1';
const password = 'yabba dabba doo';

/** What the page of the tests offers. */
declare global {
  interface Window {
    see(publisher: string): Promise<void>;
    publish(destination: string): Promise<void>;
  }
}

async function start() {
  const page = await servePage(fileURLToPath(new URL('page.ts', import.meta.url)));
  onTestFinished(() => page[Symbol.asyncDispose]());
  const server = await createServer({
    domain: 'example.com',
    store: new MemoryStore(),
    listen: { host, port: 0 },
    http: { host, port: 0, origins: [page.origin] },
    requireTls: false,
    iterations: 4096,
  });
  onTestFinished(() => server.close());
  for (const endpoint of [FRED, WILMA, BARNEY]) await server.administration.addEndpoint(endpoint, password);
  await server.administration.setAccess(FRED, 'wilma@example.com', ['core:data', 'presence:subscribe']);
  const url = `ws://${host}:${server.httpAddress?.port}/beep`;
  return {
    async visit(endpoint: string, told: Record<string, string> = {}): Promise<Visitor> {
      const visitor = await openBrowser();
      onTestFinished(() => visitor[Symbol.asyncDispose]());
      const hash = new URLSearchParams({ url, endpoint, password, ...told });
      await visitor.page.goto(`${page.origin}/#${hash}`);
      return visitor;
    },
  };
}

const text = ({ page }: Visitor, words: string | RegExp) => page.getByText(words).waitFor();

describe.skipIf(!hasBrowser)('a client in a browser', () => {
  it('[3343 §4.4] sees what another page publishes', async () => {
    const { visit } = await start();
    const [fred, wilma] = await Promise.all([visit(FRED), visit(WILMA)]);
    await text(wilma, 'attached as wilma@example.com');
    // The subscription lasts; nobody waits for its end.
    await wilma.page.evaluate((publisher) => void window.see(publisher), FRED);
    await text(wilma, 'apex:fred@example.com');
    await fred.page.evaluate(() => window.publish('mailto:fred@example.com'));
    await text(wilma, 'mailto:fred@example.com');
    expect([fred.errors, wilma.errors]).toEqual([[], []]);
  });

  it('[3343 §4.4] is refused with the reply code that any client gets', async () => {
    const { visit } = await start();
    const barney = await visit(BARNEY);
    await barney.page.evaluate((publisher) => window.see(publisher), FRED);
    await text(barney, /^client\.refused 537: /);
  });

  it('tells that a password is wrong', async () => {
    const { visit } = await start();
    await text(await visit(FRED, { password: 'wrong' }), /535/);
  });
});
