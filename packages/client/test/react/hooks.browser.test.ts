import { hasBrowser, type Visitor } from '@apex/vitest/browser';
import { describe, expect, it } from 'vitest';
import { BARNEY, FRED, WILMA } from '../house.ts';
import { startVisits } from '../visits.ts';

/** What the page of the tests offers. */
declare global {
  interface Window {
    unmount(): void;
  }
}

const shows = ({ page }: Visitor, words: string) => page.getByText(words, { exact: true }).waitFor();
const publish = ({ page }: Visitor) => page.getByRole('button', { name: 'I am available' }).click();
const start = () => startVisits('react/hooks-page.tsx');

describe.skipIf(!hasBrowser)('hooks in a browser, in StrictMode', () => {
  it('usePresence shows what usePublish publishes in another page', async () => {
    const { visit } = await start();
    const [fred, wilma] = await Promise.all([visit(FRED), visit(WILMA)]);
    await shows(wilma, 'fred@example.com is away');
    await publish(fred);
    await shows(wilma, 'fred@example.com is available');
    expect([fred.errors, wilma.errors]).toEqual([[], []]);
  });

  it('usePerson shows that a tuple has lapsed, without a word from the server', async () => {
    const { visit } = await start();
    const [fred, wilma] = await Promise.all([visit(FRED), visit(WILMA)]);
    await shows(wilma, 'fred@example.com is away');
    await wilma.page.clock.install();
    await publish(fred);
    await shows(wilma, 'fred@example.com is available');
    await wilma.page.clock.fastForward('01:00:01');
    await shows(wilma, 'fred@example.com is away');
  });

  it('useWatchers shows one subscription of a page, and its end when it is unmounted', async () => {
    const { visit, administration } = await start();
    const fred = await visit(FRED);
    await shows(fred, 'seen by fred@example.com');
    const wilma = await visit(WILMA);
    await shows(fred, 'seen by fred@example.com, wilma@example.com');
    // StrictMode has mounted everything twice.
    const { operations } = await administration.showPresence(FRED);
    expect(operations.map(({ kind, originator }) => `${kind} ${originator}`).sort()).toEqual([
      'subscribe fred@example.com',
      'subscribe wilma@example.com',
      'watch fred@example.com',
    ]);
    await wilma.page.evaluate(() => window.unmount());
    await shows(fred, 'seen by fred@example.com');
    expect([fred.errors, wilma.errors]).toEqual([[], []]);
  });

  it('show a refusal, and what is no longer allowed', async () => {
    const { visit, administration } = await start();
    const [barney, wilma] = await Promise.all([visit(BARNEY), visit(WILMA)]);
    await shows(barney, 'fred@example.com does not show it to you');
    await shows(wilma, 'fred@example.com is away');
    await administration.removeAccess(FRED, WILMA);
    await shows(wilma, 'fred@example.com shows it no longer');
  });

  it('useConnection shows that another window has taken the endpoint over', async () => {
    const { visit } = await start();
    const first = await visit(WILMA);
    await shows(first, 'fred@example.com is away');
    await visit(WILMA, { override: 'true' });
    await shows(first, 'open in another window');
  });
});
