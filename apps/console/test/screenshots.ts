import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserOptions, Person } from './person.ts';
import { ServerApp } from './server.ts';

/**
 * The pictures of the documents, made anew: `pnpm --filter @apex/console screenshots`. It takes a Chromium and the built
 * console.
 */
const folder = join(import.meta.dirname, '../../../docs/images');
const wide: BrowserOptions = { viewport: { width: 1120, height: 700 }, colorScheme: 'light' };
const narrow: BrowserOptions = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' };

async function picture({ page }: Person, name: string): Promise<void> {
  // Nothing is pointed at, nothing has the focus.
  await page.mouse.move(0, 0);
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const path = join(folder, `console-${name}.png`);
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  console.log(`${path} ${Math.ceil(statSync(path).size / 1024)} KiB`);
}

async function publish(person: Person, where: string, mood: string, until: string): Promise<void> {
  const { page } = person;
  await person.go('me');
  await page.getByRole('button', { name: 'Add another place' }).click();
  await page.getByRole('textbox', { name: 'Where' }).last().fill(where);
  await page.getByLabel('Until').last().selectOption(until);
  await page.getByText('More about this place').first().click();
  await page.getByRole('button', { name: 'Add a capability' }).first().click();
  await page.getByLabel('Language').fill('urn:x:mood');
  await page.getByLabel('Value').fill(mood);
  await page.getByRole('button', { name: 'Publish', exact: true }).click();
  await person.sees('Published. It is on the server');
}

async function allow(person: Person, endpoint: string): Promise<void> {
  await person.go('watchers');
  await person.page.getByLabel('Endpoint, or a wildcard').fill(endpoint);
  await person.page.getByRole('button', { name: 'Look up' }).click();
  await person.page.getByRole('button', { name: `Allow ${endpoint}` }).click();
  await person.sees('may see you');
}

async function send(person: Person, to: string, text: string): Promise<void> {
  const { page } = person;
  await person.go('messages');
  await page.getByLabel('To', { exact: true }).fill(to);
  await page.getByLabel('Text').fill(text);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText(text).waitFor();
}

mkdirSync(folder, { recursive: true });
await using server = await ServerApp.start();
await using fred = await Person.open(server, wide);
await picture(fred, 'sign-in');
await fred.signIn('fred@example.com');
await fred.attached();
await using barney = await Person.signedIn(server, 'barney', wide);
await using wilma = await Person.signedIn(server, 'wilma', wide);

await allow(barney, 'wilma@example.com');
await allow(wilma, 'fred@example.com');
await barney.subscribes('fred@example.com');
await wilma.subscribes('fred@example.com');
await wilma.subscribes('barney@example.com');
await publish(fred, 'mailto:fred@example.com', 'gut gelaunt, bis zum Mittagessen', 'in 4 hours');
await publish(barney, 'tel:+431234567', 'bowling', 'in 15 minutes');
await wilma.go('board');
await wilma.page.getByRole('article', { name: 'barney' }).getByText('bowling').waitFor();
await picture(wilma, 'board');

await fred.page.evaluate(() => scrollTo(0, 0));
await picture(fred, 'me');

await fred.go('watchers');
await fred.page.getByLabel('Endpoint, or a wildcard').fill('barney@example.com');
await fred.page.getByRole('button', { name: 'Look up' }).click();
await fred.sees('may not see you');
await fred.page.getByRole('article', { name: 'wilma' }).getByText('2 access entries').click();
await fred.page.evaluate(() => scrollTo(0, 0));
await picture(fred, 'watchers');

await fred.page.getByRole('heading', { name: 'Watchers' }).waitFor();
await send(fred, 'barney/bowling@example.com', 'Who wins?');
await fred.sees('Not delivered');
await send(wilma, 'fred@example.com', 'Grüß dich, Fred! Mittagessen um zwölf?');
await wilma.sees('Delivered after');
await fred.go('messages');
await fred.sees('Mittagessen um zwölf');
await send(fred, 'wilma@example.com', 'Gern, um zwölf.');
await fred.sees('Delivered after');
await picture(fred, 'messages');

await wilma.go('wire');
const frames = wilma.page.getByRole('list', { name: 'Frames, the newest last' });
await frames.getByText('data: publish,').first().click();
await frames.getByText('data: publish,').first().scrollIntoViewIfNeeded();
await wilma.page.evaluate(() => {
  const open = document.querySelector('.frame details[open]');
  if (open !== null) scrollTo(0, open.getBoundingClientRect().top + scrollY - 100);
});
await picture(wilma, 'wire');

await wilma[Symbol.asyncDispose]();
await using phone = await Person.signedIn(server, 'wilma', narrow);
await phone.subscribes('fred@example.com');
await phone.page.getByRole('article', { name: 'fred' }).getByText('gut gelaunt').waitFor();
await phone.subscribes('barney@example.com');
await phone.page.getByRole('article', { name: 'barney' }).getByText('bowling').waitFor();
await phone.page.evaluate(() => scrollTo(0, 0));
await picture(phone, 'phone');
