import { hasBrowser } from '@apex/vitest/browser';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BrowserOptions, Person } from './person.ts';
import { ServerApp } from './server.ts';

async function start(options?: Parameters<typeof ServerApp.start>[0]) {
  const server = await ServerApp.start(options);
  const people: Person[] = [];
  onTestFinished(async () => {
    for (const person of people) await person[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });
  const arrives = (person: Person): Person => {
    people.push(person);
    return person;
  };
  return {
    server,
    visit: async (options?: BrowserOptions) => arrives(await Person.open(server, options)),
    signIn: async (name: string, options?: BrowserOptions) =>
      arrives(await Person.signedIn(server, name, options)),
  };
}

/** What the card of somebody says; waits for it. */
const card = ({ page }: Person, name: string) => page.getByRole('article', { name });

describe.skipIf(!hasBrowser)('the console', () => {
  it('shows in one window what is published in another, and when it is over', async () => {
    const { signIn } = await start();
    const [fred, wilma] = await Promise.all([signIn('fred'), signIn('wilma')]);
    const mood = 'gut gelaunt & müde 😴';
    await wilma.subscribes('fred@example.com');
    await card(wilma, 'fred').getByText('not available since').waitFor();
    await fred.go('me');
    await fred.page.getByRole('textbox', { name: 'Where' }).fill('mailto:fred@example.com');
    await fred.page.getByText('More about this place').click();
    await fred.page.getByRole('button', { name: 'Add a capability' }).click();
    await fred.page.getByLabel('Language').fill('urn:x:mood');
    await fred.page.getByLabel('Value').fill(mood);
    // The preview shows it before it is published.
    await fred.page
      .getByRole('region', { name: 'What others will see' })
      .getByText(mood, { exact: true })
      .waitFor();
    await fred.page.getByRole('button', { name: 'Publish', exact: true }).click();
    await fred.sees('Published. It is on the server');
    await card(wilma, 'fred')
      .getByText(/^available until .* \(in (60 min|1 h)\)$/)
      .waitFor();
    await card(wilma, 'fred').getByText(mood, { exact: true }).waitFor();
    await card(wilma, 'fred').getByRole('link', { name: 'fred@example.com' }).waitFor();
    await expect
      .poll(() => wilma.page.getByTestId('announcer').textContent())
      .toMatch(/fred@example\.com is available/);
    await fred.page.getByRole('button', { name: 'I am not available any more' }).click();
    await card(wilma, 'fred').getByText('not available since').waitFor();
    expect([fred.errors, wilma.errors]).toEqual([[], []]);
  });

  it('counts down to the end of what was published, of which no message tells', async () => {
    const { signIn } = await start();
    const [fred, wilma] = await Promise.all([signIn('fred'), signIn('wilma')]);
    await wilma.page.clock.install();
    await wilma.subscribes('fred@example.com');
    await fred.go('me');
    await fred.page.getByLabel('Until').selectOption('in 15 minutes');
    await fred.page.getByRole('button', { name: 'Publish', exact: true }).click();
    await card(wilma, 'fred').getByText('(in 15 min)').waitFor();
    await wilma.page.clock.fastForward('05:30');
    await card(wilma, 'fred').getByText('(in 10 min)').waitFor();
    await wilma.page.clock.fastForward('10:00');
    await card(wilma, 'fred').getByText('not available since').waitFor();
  });

  it('tells who sees one, lets in with one click and keeps out with one', async () => {
    const { server, signIn } = await start();
    const [fred, barney] = await Promise.all([signIn('fred'), signIn('barney')]);
    await barney.subscribes('fred@example.com');
    await barney.sees('You are not allowed to see this presence.');
    await barney.sees('537 action not authorized for user');
    await fred.go('watchers');
    await fred.sees('Nobody subscribes to you now.');
    await fred.page.getByLabel('Endpoint, or a wildcard').fill('barney@example.com');
    await fred.page.getByRole('button', { name: 'Look up' }).click();
    await fred.sees('may not see you');
    await fred.page.getByRole('button', { name: 'Allow barney@example.com' }).click();
    await fred.sees('may see you');
    const entries = (actions: string) =>
      [`barney@example.com  ${actions}`, `barney/*@example.com  ${actions}`].map((line) => line.split(/\s+/));
    const written = async () =>
      (await server.accessOf('fred'))
        .split('\n')
        .map((line) => line.trim().split(/\s+/))
        .filter((words) => words.some((word) => word.startsWith('barney')))
        .map((words) => words.slice(0, 3).filter((word) => /^barney|^core|^presence|^all/.test(word)));
    expect((await written()).map(([actor]) => actor).sort()).toEqual(
      entries('')
        .map(([actor]) => actor)
        .sort(),
    );
    await barney.page.getByRole('button', { name: 'Ask again for fred@example.com' }).click();
    await card(barney, 'fred').getByText('not available since').waitFor();
    await card(fred, 'barney').getByText('for up to 1 h').waitFor();
    await card(fred, 'barney').getByRole('button', { name: 'Deny' }).click();
    await barney.sees('You are no longer allowed to see this presence.');
    await fred.sees('Nobody subscribes to you now.');
    expect(await server.accessOf('fred')).toMatch(/barney@example\.com.*all:none/);
    expect(await server.accessOf('fred')).toMatch(/barney\/\*@example\.com.*all:none/);
    expect([fred.errors, barney.errors]).toEqual([[], []]);
  });

  it('takes a watcher off the list when her window is closed', async () => {
    const { signIn } = await start();
    const [fred, wilma] = await Promise.all([signIn('fred'), signIn('wilma')]);
    await wilma.subscribes('fred@example.com');
    await fred.go('watchers');
    await card(fred, 'wilma').waitFor();
    await wilma.page.goto('about:blank');
    await fred.sees('Nobody subscribes to you now.');
  });

  it('sends messages and tells what became of them', async () => {
    const { signIn } = await start();
    const [fred, wilma] = await Promise.all([signIn('fred'), signIn('wilma')]);
    await wilma.go('messages');
    const send = async (to: string, text: string): Promise<void> => {
      await wilma.page.getByLabel('To', { exact: true }).fill(to);
      await wilma.page.getByLabel('Text').fill(text);
      await wilma.page.getByRole('button', { name: 'Send' }).click();
    };
    await send('fred@example.com', 'Grüß dich,\nFred!');
    await wilma.sees(/^Delivered after \d+(\.\d)? m?s\. 250 transaction successful$/);
    await fred.page.getByRole('link', { name: /Messages 1 unread/ }).click();
    await fred.sees(/^Grüß dich,\nFred!$/);
    expect(await fred.page.getByRole('link', { name: /unread/ }).count()).toBe(0);
    await send('fred/nowhere@example.com', 'anybody?');
    await wilma.sees('The server has it, and keeps it until it can be delivered.');
    await send('barney@example.com', 'may I?');
    await wilma.sees('Not delivered: its owner does not allow you to send.');
    await wilma.sees('537 action not authorized for user');
    expect([fred.errors, wilma.errors]).toEqual([[], []]);
  });

  it('shows the way of a message over the relays of two domains', async () => {
    const secret = 'a secret of two relays';
    await using rubble = await ServerApp.start({
      domain: 'rubble.com',
      peers: { 'example.com': { secret } },
    });
    await rubble.allow('fred', 'wilma@example.com');
    const place = { host: '127.0.0.1', port: rubble.meshPort, secret };
    const { signIn } = await start({ peers: { 'rubble.com': place } });
    await using fred = await Person.open(rubble);
    await fred.signIn('fred@rubble.com');
    await fred.attached();
    const wilma = await signIn('wilma');
    await wilma.go('messages');
    await wilma.page.getByLabel('To', { exact: true }).fill('fred@rubble.com');
    await wilma.page.getByLabel('Text').fill('which way?');
    await wilma.page.getByLabel('Show the way that it takes').check();
    await wilma.page.getByRole('button', { name: 'Send' }).click();
    const way = wilma.page.getByRole('list', { name: 'The way of the message to fred@rubble.com' });
    await way.getByText('delivered').waitFor();
    await way.getByRole('listitem').nth(3).waitFor();
    const places = await way.getByRole('listitem').locator('.name').allInnerTexts();
    expect(places).toEqual(['wilma@example.com', 'example.com', 'rubble.com', 'fred@rubble.com']);
    await wilma.sees(/^Delivered after /);
    expect([fred.errors, wilma.errors]).toEqual([[], []]);
  });

  it('comes back by itself after the server was started again, with all that was in progress', async () => {
    const { server, signIn } = await start();
    const [fred, wilma] = await Promise.all([signIn('fred'), signIn('wilma')]);
    await wilma.subscribes('fred@example.com');
    await card(wilma, 'fred').getByText('not available since').waitFor();
    await server.stop();
    await wilma.sees('no connection,');
    await server.serve();
    await Promise.all([fred.attached(), wilma.attached()]);
    await fred.go('me');
    await fred.page.getByRole('button', { name: 'Publish', exact: true }).click();
    await card(wilma, 'fred').getByText('available until').waitFor();
  });

  it('lets two windows of one person in, the second one as a subaddress', async () => {
    const { signIn } = await start();
    const one = await signIn('fred');
    const two = await signIn('fred');
    await one.sees(/^fred@example\.com$/);
    await two.sees(/^fred\/console-[a-z0-9]{5}@example\.com$/);
    await two.go('me');
    await two.page.getByRole('button', { name: 'Publish', exact: true }).click();
    await one.go('me');
    await one.sees('available until');
    expect([one.errors, two.errors]).toEqual([[], []]);
  });

  it('says why somebody is not let in, and takes over what was asked for by its name', async () => {
    const { visit } = await start();
    const [one, two] = await Promise.all([visit(), visit()]);
    await one.signIn('fred@example.com', 'wrong');
    await one.sees('This endpoint and this password do not belong together.');
    await one.sees('535 authentication failure');
    await one.signIn('fred', 'any');
    await one.sees('"fred" is not an endpoint');
    await one.signIn('fred/desk@example.com');
    await one.attached();
    await two.signIn('fred/desk@example.com');
    await two.sees('Another application is attached as this endpoint.');
    await two.page.getByRole('button', { name: 'Take it over' }).click();
    await two.attached();
    await one.sees('Another application has attached as this endpoint and took its place');
  });

  it('over https is protected, and says so by saying nothing', async () => {
    const { visit } = await start({ tls: true });
    const fred = await visit({ ignoreHTTPSErrors: true });
    await fred.signIn('fred@example.com');
    await fred.attached();
    await fred.page.getByRole('button', { name: 'Sign out' }).click();
    await fred.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await fred.page.getByText('This page came over http').count()).toBe(0);
    expect(fred.errors).toEqual([]);
  });

  it('warns of a page that came over http from somewhere else', async () => {
    const { server, visit } = await start();
    const fred = await visit();
    await fred.sees('This page came over http from this machine');
    await fred.page.route('http://apex.example.com/**', async (route) => {
      const { pathname } = new URL(route.request().url());
      const response = await fetch(new URL(pathname, server.url));
      const headers = Object.fromEntries(response.headers);
      delete headers['content-encoding'];
      await route.fulfill({
        status: response.status,
        headers,
        body: Buffer.from(await response.arrayBuffer()),
      });
    });
    await fred.page.goto('http://apex.example.com/');
    await fred.sees('Whoever is on the way can read everything');
  });

  it('keeps the password out of storage and addresses, and forgets with the session', async () => {
    const { server, signIn } = await start();
    const fred = await signIn('fred');
    await fred.subscribes('wilma@example.com');
    const stored = await fred.page.evaluate(() =>
      JSON.stringify([localStorage, sessionStorage, document.cookie]),
    );
    expect(stored).toContain('wilma@example.com');
    expect(stored).not.toContain('yabba');
    expect(fred.page.url()).toBe(`${server.url}#board`);
    await fred.page.getByRole('button', { name: 'Sign out' }).click();
    await fred.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await fred.page.getByLabel('Password').inputValue()).toBe('');
  });

  it('shows the frames of the session, without what authenticates', async () => {
    const { signIn } = await start();
    const fred = await signIn('fred');
    await fred.go('wire');
    const frames = fred.page.getByRole('list', { name: 'Frames, the newest last' });
    await frames.getByText('start channel 1: SASL/SCRAM-SHA-256').click();
    await frames.getByText('(hidden)').first().waitFor();
    await frames.getByText('start channel 3: APEX').click();
    await frames.getByText("<attach endpoint='fred@example.com'").waitFor();
    await fred.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await fred.page.getByRole('button', { name: 'Copy' }).click();
    await expect.poll(() => fred.page.getByTestId('announcer').textContent()).toMatch(/^\d+ frames copied$/);
    const copied = await fred.page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toMatch(/^[CS]: RPY 0 0 \. 0 \d+$/m);
    expect(copied).toContain('(hidden)');
    await fred.page.getByLabel('Direction').selectOption('received');
    await frames.getByText('greeting').first().waitFor();
    expect(await frames.getByText('start channel 3: APEX').count()).toBe(0);
    await fred.page.getByRole('button', { name: 'Pause' }).click();
    await fred.page.getByRole('button', { name: 'Clear' }).click();
    await fred.sees('No frame is shown.');
    expect(fred.errors).toEqual([]);
  });

  it('is worked with the keyboard alone', async () => {
    const { visit } = await start();
    const { page } = await visit();
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
    await page.getByLabel('Endpoint').focus();
    await page.keyboard.type('fred@example.com');
    await page.keyboard.press('Tab');
    await page.keyboard.type('yabba dabba doo');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Board' }).waitFor();
    await expect.poll(focused).toBe('Board');
    // Backwards from there: the views, the buttons above them, and what skips all that.
    const back = async (words: string): Promise<void> => {
      for (let press = 0; press < 10 && !(await focused()).includes(words); press += 1) {
        await page.keyboard.press('Shift+Tab');
      }
      expect(await focused()).toContain(words);
    };
    await back('Skip to the content');
    await page.keyboard.press('Enter');
    await expect.poll(focused).toBe('Board');
    await back('My presence');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'My presence' }).waitFor();
    await expect.poll(focused).toBe('My presence');
  });
});
