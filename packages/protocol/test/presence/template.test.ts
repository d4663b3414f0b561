import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contentElement,
  formatPublish,
  formatTuples,
  parseDataMessage,
  parseOperation,
  parseTuples,
  publishTemplate,
  serviceData,
} from '../../src/index.ts';
import { identities, publishes, transIDs, tuples } from '../arbitraries.ts';

const originator = 'apex=presence@example.com';

describe('one publish for many subscribers', () => {
  // Invariant: what the template makes for a subscriber is octet for octet what would be written for
  // that subscriber alone.
  it('[3343 §4.2 step 6] differs in recipient and transID only', () => {
    fc.assert(
      fc.property(
        publishes,
        fc.array(fc.tuple(identities, transIDs), { minLength: 1, maxLength: 4 }),
        (publish, subscribers) => {
          const { presence } = publish;
          // A publish of the service has one publisher.
          const value = { ...publish, presence: { ...presence, publisher: publish.publisher } };
          const template = publishTemplate({
            originator,
            publisher: publish.publisher,
            timeStamp: publish.timeStamp,
            lastUpdate: presence.lastUpdate,
            publisherInfo: presence.publisherInfo,
            tuplesXml: formatTuples(presence.tuples),
          });
          for (const [recipient, transID] of subscribers) {
            const alone = serviceData(originator, recipient, formatPublish({ ...value, transID }));
            const copy = template.copy(recipient, transID);
            const octets = new Uint8Array(copy.length + 5).fill(7);
            copy.write(octets, 2, 0, copy.length);
            expect(octets.subarray(2, -3)).toStrictEqual(alone);
            expect([...octets.subarray(0, 2), ...octets.subarray(-3)]).toEqual([7, 7, 7, 7, 7]);
            const half = copy.length >> 1;
            const second = new Uint8Array(copy.length - half);
            copy.write(second, 0, half, second.length);
            expect(second).toStrictEqual(alone.subarray(half));
            const message = parseDataMessage(alone);
            expect(message.data.recipients).toStrictEqual([{ identity: recipient, options: [] }]);
            const element = contentElement(message);
            expect(element === undefined ? undefined : parseOperation(element)).toStrictEqual({
              ...value,
              transID,
            });
          }
        },
      ),
    );
  });

  // Invariant: tuples come back from the text that a store keeps.
  it('[3343 §3] tuples are read from their text', () => {
    fc.assert(
      fc.property(fc.array(tuples, { minLength: 1, maxLength: 3 }), (value) => {
        expect(parseTuples(formatTuples(value))).toStrictEqual(value);
      }),
    );
  });
});
