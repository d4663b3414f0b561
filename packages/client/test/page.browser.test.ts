import { hasBrowser, type Visitor } from '@apex/vitest/browser';
import { describe, expect, it } from 'vitest';
import { BARNEY, FRED, WILMA } from './house.ts';
import { startVisits } from './visits.ts';

/** What the page of the tests offers. */
declare global {
  interface Window {
    see(publisher: string): Promise<void>;
    publish(destination: string): Promise<void>;
  }
}

const text = ({ page }: Visitor, words: string | RegExp) => page.getByText(words).waitFor();

describe.skipIf(!hasBrowser)('a client in a browser', () => {
  it('sees what another page publishes', async () => {
    const { visit } = await startVisits('page.ts');
    const [fred, wilma] = await Promise.all([visit(FRED), visit(WILMA)]);
    await text(wilma, 'attached as wilma@example.com');
    // The subscription lasts; nobody waits for its end.
    await wilma.page.evaluate((publisher) => void window.see(publisher), FRED);
    await text(wilma, 'apex:fred@example.com');
    await fred.page.evaluate(() => window.publish('mailto:fred@example.com'));
    await text(wilma, 'mailto:fred@example.com');
    expect([fred.errors, wilma.errors]).toEqual([[], []]);
  });

  it('is refused with the reply code that any client gets', async () => {
    const { visit } = await startVisits('page.ts');
    const barney = await visit(BARNEY);
    await barney.page.evaluate((publisher) => window.see(publisher), FRED);
    await text(barney, /^client\.refused 537: /);
  });

  it('tells that a password is wrong', async () => {
    const { visit } = await startVisits('page.ts');
    await text(await visit(FRED, { password: 'wrong' }), /535/);
  });
});
