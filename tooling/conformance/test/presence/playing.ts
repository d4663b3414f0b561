import { expect } from 'vitest';
import { type Application, newTransID, publishElement, tupleElement } from '../../src/application.ts';
import { castEntries, castOf, password } from '../../src/provisioning.ts';
import { perform, type Scene } from '../../src/scenes.ts';
import { type ServerProcess, startServer } from '../../src/server.ts';
import { type Element, element } from '../../src/xml.ts';

/** Publishes an entry that tells a mood, on the lastUpdate that a poll gave. */
export async function publish(
  application: Application,
  endpoint: string,
  mood: string,
  publisher = endpoint,
): Promise<void> {
  const { attributes } = await application.poll(endpoint, publisher);
  await replace(application, endpoint, String(attributes['lastUpdate']), mood, publisher);
}

/** Publishes on a lastUpdate that is known, and expects 250. */
export async function replace(
  application: Application,
  endpoint: string,
  lastUpdate: string,
  mood: string,
  publisher = endpoint,
): Promise<void> {
  const transID = newTransID();
  await application.operate(
    endpoint,
    publishElement(publisher, lastUpdate, { transID, tuples: tupleElement(`urn:mood:${mood}`) }),
  );
  expect(await application.replyCode(endpoint, transID)).toBe(250);
}

export function moodOf(presence: Element): string {
  return String(element(presence.inner, 'tuple').attributes['destination']).replace('urn:mood:', '');
}

/** Sends itself data, which must be the next that arrives: nothing else has come before it. */
export async function expectNothing(application: Application, endpoint: string): Promise<void> {
  await application.data(endpoint, endpoint, '<marker />');
  const { name, attributes } = await application.next(endpoint);
  expect({ name, attributes }).toEqual({ name: 'marker', attributes: {} });
}

/** A watcher's next notification, as `action subscriber duration`. */
export async function notification(
  application: Application,
  endpoint: string,
  transID: number,
): Promise<string> {
  const { name, attributes } = await application.next(endpoint);
  expect([name, attributes['transID']]).toEqual(['notify', String(transID)]);
  return `${attributes['action']} ${attributes['subscriber']} ${attributes['duration'] ?? 0}`;
}

/** A watch in progress, whose reply and notifications about those before it were read. */
export async function watching(
  application: Application,
  endpoint: string,
  publisher: string,
  before = 0,
): Promise<number> {
  const transID = await application.watch(endpoint, publisher, 600);
  expect(await application.replyCode(endpoint, transID)).toBe(250);
  for (let count = 0; count < before; count += 1) await notification(application, endpoint, transID);
  return transID;
}

/** A subscription in progress, whose first entry was read. */
export async function subscribed(
  application: Application,
  endpoint: string,
  publisher: string,
  durationSeconds = 600,
): Promise<number> {
  const transID = await application.subscribe(endpoint, publisher, durationSeconds);
  await application.published(endpoint);
  return transID;
}

/** The next operation, which has to be the end of one. */
export async function ending(application: Application, endpoint: string): Promise<string> {
  const { name, attributes } = await application.next(endpoint);
  return `${name} ${attributes['transID']} ${attributes['code'] ?? 250}`;
}

/** Plays against a server of its own. */
export function onOwnServer(
  limits: Readonly<Record<string, number>>,
  play: (scene: Scene, server: ServerProcess) => Promise<void>,
  options: Readonly<Record<string, unknown>> = {},
): () => Promise<void> {
  return async () => {
    const server = await startServer(limits, options);
    try {
      const cast = castOf('operations', 0, server.domain);
      await server.provision(Object.values(cast) as string[], password, castEntries(cast));
      await perform((scene) => play(scene, server), cast, server);
    } finally {
      await server.stop();
    }
  };
}
