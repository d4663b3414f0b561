import { createElement } from 'react';
import { expect, it } from 'vitest';
import { expectExamples } from '../guides.ts';
import { FRED, House, WILMA } from '../house.ts';
import { Page } from './guide-example.tsx';
import { Screen } from './screen.ts';

it('the components in the guide show what happens', async () => {
  expectExamples('pages.md', './react/guide-example.tsx', 'tsx');

  await using house = await House.open();
  const fred = await house.attach(FRED);
  const wilma = await house.attach('wilma/page@example.com');
  const screen = new Screen();
  screen.draw(createElement(Page, { client: wilma }));
  const rest = 'barney@example.com does not show it to youI am availableseen by ';
  await screen.shows(`fred@example.com is away${rest}nobody`);
  const availableUntil = '2525-01-01T00:00:00Z';
  const capabilities = [{ baseline: 'urn:x:mood', value: 'curious' }];
  await fred.presence.publish({
    tuples: [{ destination: 'mailto:fred@example.com', availableUntil, capabilities }],
  });
  await screen.shows(`fred@example.com is curious${rest}nobody`);
  await house.server.administration.setAccess(WILMA, FRED, ['presence:subscribe']);
  await fred.presence.subscribe(WILMA);
  await screen.shows(`fred@example.com is curious${rest}fred@example.com`);
  await wilma.close();
  await screen.shows(
    'signed outfred@example.com shows it no longerbarney@example.com does not show it to youI am available',
  );
  screen.draw(null);
  expect(wilma.connection.kind).toBe('over');
});
