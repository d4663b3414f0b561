import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { hasBrowser } from '@apex/vitest/browser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Person } from './person.ts';
import { ServerApp } from './server.ts';

/** What axe-core finds in the page, a line each: all its rules, the best practices among them. */
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function violations({ page }: Person): Promise<readonly string[]> {
  // By the browser itself: the Content-Security-Policy of the page lets nothing in.
  const session = await page.context().newCDPSession(page);
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  };
  await evaluate(axe);
  const found = await evaluate(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)))`,
  );
  await session.detach();
  return found as readonly string[];
}

/** Whether something sticks out to the side. */
const isTooWide = ({ page }: Person): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

/** What can be pressed and is smaller than 44 pixels, unless it stands in a text. */
const smallTargets = ({ page }: Person): Promise<readonly string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, select, input, textarea, nav a, label.check')]
      .filter((each) => each.checkVisibility() && !each.matches('.check input'))
      .flatMap((each) => {
        const { width, height } = each.getBoundingClientRect();
        return width >= 43.9 && height >= 43.9 ? [] : [`${each.outerHTML.slice(0, 120)} ${width}×${height}`];
      }),
  );

const screens = [
  ['light', 'light', { width: 1200, height: 800 }],
  ['dark', 'dark', { width: 1200, height: 800 }],
  ['light, 360 px', 'light', { width: 360, height: 740 }],
  ['dark, 360 px', 'dark', { width: 360, height: 740 }],
] as const;

describe.skipIf(!hasBrowser)('nothing keeps anybody out of', () => {
  let server: ServerApp;
  beforeAll(async () => {
    server = await ServerApp.start();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  // Without motion, so that no colour is measured on its way to another one.
  it.each(screens)('the console: %s', async (_, colorScheme, viewport) => {
    await using fred = await Person.open(server, { colorScheme, viewport, reducedMotion: 'reduce' });
    await using wilma = await Person.open(server, { colorScheme, viewport, reducedMotion: 'reduce' });
    const check = async (person: Person, what: string): Promise<void> => {
      const found = { violations: await violations(person), isTooWide: await isTooWide(person) };
      expect(found, what).toEqual({ violations: [], isTooWide: false });
      expect(await smallTargets(person), what).toEqual([]);
    };
    await check(fred, 'signed out');
    await fred.signIn('fred@example.com', 'wrong');
    await fred.sees('535 authentication failure');
    await check(fred, 'refused');
    await fred.signIn('fred@example.com');
    await fred.attached();
    await wilma.signIn('wilma@example.com');
    await wilma.attached();
    await check(wilma, 'an empty board');
    await wilma.subscribes('barney@example.com');
    await wilma.sees('You are not allowed to see this presence.');
    await wilma.subscribes('fred@example.com');
    await fred.go('me');
    await fred.page.getByText('More about this place').click();
    await fred.page.getByRole('button', { name: 'Add a capability' }).click();
    await fred.page.getByRole('button', { name: 'Publish', exact: true }).click();
    await fred.sees('Name a URI.');
    await check(fred, 'a draft with a problem');
    await fred.page.getByLabel('Language').fill('urn:x:mood');
    await fred.page.getByLabel('Value').fill('gut gelaunt');
    await fred.page.getByLabel('Until').selectOption('a time of the day …');
    await fred.page.getByText('As XML').click();
    await fred.page.getByRole('button', { name: 'Publish', exact: true }).click();
    await fred.sees('Published. It is on the server');
    await check(fred, 'what is published');
    await wilma.sees('available until');
    await wilma.page.getByText('What the server said').click();
    await check(wilma, 'a board');
    await fred.go('watchers');
    await fred.page.getByRole('article', { name: 'wilma' }).getByText('2 access entries').click();
    await fred.page.getByLabel('Endpoint, or a wildcard').fill('*@example.com');
    await fred.page.getByRole('button', { name: 'Look up' }).click();
    await fred.sees('You have set nothing for everybody of example.com');
    await check(fred, 'watchers');
    await wilma.go('messages');
    await check(wilma, 'no messages');
    for (const to of ['fred@example.com', 'barney@example.com']) {
      await wilma.page.getByLabel('To', { exact: true }).fill(to);
      await wilma.page.getByLabel('Text').fill('Grüß dich! '.repeat(12));
      await wilma.page.getByRole('button', { name: 'Send' }).click();
    }
    await wilma.sees('Delivered after');
    await wilma.sees('Not delivered');
    await check(wilma, 'messages sent');
    await fred.page.getByRole('link', { name: 'unread' }).waitFor();
    await check(fred, 'an unread message');
    await fred.go('messages');
    await check(fred, 'a message received');
    await wilma.go('wire');
    const frames = wilma.page.getByRole('list', { name: 'Frames, the newest last' });
    await frames.getByText('start channel 3: APEX').click();
    await wilma.page.getByLabel('Flow control').check();
    await check(wilma, 'the wire log');
    await wilma.page.getByRole('button', { name: /^Switch to the/ }).click();
    await check(wilma, 'the other theme');
    expect(wilma.errors).toEqual([]);
  });
});
