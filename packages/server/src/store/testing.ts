import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { heldDataTests } from './held-data-tests.ts';
import type { AccessRecord, Store, StoreWrite } from './ports.ts';
import {
  access,
  BARNEY,
  credentials,
  endpoint,
  FRED,
  held,
  operation,
  presence,
  WILMA,
} from './sample-records.ts';

/** What makes the stores under test. */
export interface StoreFactory {
  /** A place for a new, empty store. */
  create(): Promise<StorePlace>;
}

/** Where a store of the shared tests is, empty at first. */
export interface StorePlace {
  /** Opens the store; a second time after it was closed, when `reopens`. */
  open(): Promise<Store>;
  readonly reopens: boolean;
  /** Removes what is left once the store is closed. */
  remove(): Promise<void>;
}

/** Letters of one to four octets in UTF-8; the last two stand in another order by code unit than by code point. */
const UNICODE = ['ål@example.com', 'ж@example.com', '\u{1f98a}@example.com', '\uff5e@example.com'];

/** The tests that every implementation of the Store port has to pass. */
export function storeSuite(name: string, factory: StoreFactory): void {
  describe(name, () => {
    let place: StorePlace;
    let store: Store;

    beforeEach(async () => {
      place = await factory.create();
      store = await place.open();
    });

    afterEach(async () => {
      await store.close();
      await place.remove();
    });

    describe('a commit', () => {
      it('applies its writes in order', async () => {
        await store.commit([
          endpoint(FRED, 1),
          { kind: 'put-presence', presence: presence(FRED, 1) },
          { kind: 'put-presence', presence: presence(FRED, 2) },
          { kind: 'put-operation', operation: operation(FRED, WILMA, 1) },
          { kind: 'remove-operation', originator: WILMA, transID: 1 },
          { kind: 'put-operation', operation: operation(FRED, WILMA, 1, 'watch') },
        ]);
        expect(await store.loadSubject(FRED)).toEqual({
          endpoint: FRED,
          createdAt: 1,
          presence: presence(FRED, 2),
          operations: [operation(FRED, WILMA, 1, 'watch')],
          access: [],
        });
      });

      it('without writes does nothing', async () => {
        await store.commit([]);
        expect(await store.listEndpoints('', 10)).toEqual([]);
      });

      it('applies nothing when one of its writes is refused', async () => {
        await store.commit([
          endpoint(FRED, 1),
          { kind: 'put-credentials', endpoint: FRED, credentials: [credentials(1)] },
          { kind: 'put-presence', presence: presence(FRED, 1) },
          { kind: 'put-operation', operation: operation(FRED, WILMA, 1) },
          { kind: 'put-operation', operation: operation(FRED, BARNEY, 1) },
          { kind: 'put-access', access: access(FRED, WILMA, ['core:data'], 1) },
        ]);
        const before = await store.loadSubject(FRED);
        const refused = store.commit([
          endpoint(WILMA, 2),
          { kind: 'put-credentials', endpoint: FRED, credentials: [credentials(2)] },
          { kind: 'put-presence', presence: presence(FRED, 2) },
          { kind: 'remove-operation', originator: WILMA, transID: 1 },
          { kind: 'put-operation', operation: operation(FRED, WILMA, 2, 'watch') },
          { kind: 'put-access', access: access(FRED, WILMA, undefined, 2) },
          { kind: 'put-access', access: access(FRED, BARNEY, ['all:all'], 2) },
          { kind: 'remove-endpoint', endpoint: FRED },
          { kind: 'put-operation', operation: operation(WILMA, BARNEY, 1) },
        ]);
        await expect(refused).rejects.toMatchObject({ name: 'StoreError', code: 'store.conflict' });
        expect(await store.loadSubject(FRED)).toEqual(before);
        expect(await store.loadSubject(WILMA)).toBeUndefined();
        expect(await store.findCredentials(FRED, 'SCRAM-SHA-256')).toEqual(credentials(1));
        expect(await store.findAccessByActor(BARNEY)).toEqual([]);
        expect(await store.loadOperations()).toHaveLength(2);
      });

      it('fails or succeeds alone among others that are made at the same time', async () => {
        const outcomes = await Promise.allSettled(
          Array.from({ length: 300 }, (_, index) =>
            store.commit([
              endpoint(`e${index}@example.com`, index),
              {
                kind: 'put-operation',
                operation: operation(`e${index}@example.com`, WILMA, index % 3 === 0 ? 0 : index),
              },
            ]),
          ),
        );
        // The first of those with transID 0 is applied, the others are refused.
        const applied = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
        expect(applied).toEqual(
          Array.from({ length: 300 }, (_, index) => index).filter((index) => index === 0 || index % 3 !== 0),
        );
        expect(await store.loadOperations()).toHaveLength(applied.length);
        expect(await store.listEndpoints('', 1000)).toEqual(
          applied.map((index) => `e${index}@example.com`).sort(),
        );
      });

      it('is applied in the order of the calls, and loads see all that was called before them', async () => {
        await store.commit([endpoint(FRED, 0)]);
        const revisions: Promise<number | undefined>[] = [];
        const commits: Promise<void>[] = [];
        for (let revision = 1; revision <= 200; revision++) {
          commits.push(store.commit([{ kind: 'put-presence', presence: presence(FRED, revision) }]));
          revisions.push(store.loadSubject(FRED).then((subject) => subject?.presence?.revision));
        }
        await Promise.all(commits);
        expect(await Promise.all(revisions)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
      });

      it('of 5,000 endpoints with credentials is applied whole', async () => {
        const names = Array.from(
          { length: 5000 },
          (_, index) => `e${String(index).padStart(4, '0')}@example.com`,
        );
        await store.commit(
          names.flatMap((name, index): StoreWrite[] => [
            endpoint(name, index),
            { kind: 'put-credentials', endpoint: name, credentials: [credentials(index % 256)] },
          ]),
        );
        expect(await store.listEndpoints('', 10_000)).toEqual(names);
        expect(await store.findCredentials('e4999@example.com', 'SCRAM-SHA-256')).toEqual(
          credentials(4999 % 256),
        );
      });
    });

    describe('endpoints', () => {
      it('that were never provisioned are not known', async () => {
        await store.commit([
          { kind: 'remove-endpoint', endpoint: FRED },
          { kind: 'remove-operation', originator: FRED, transID: 1 },
        ]);
        expect(await store.loadSubject(FRED)).toBeUndefined();
        expect(await store.findCredentials(FRED, 'SCRAM-SHA-256')).toBeUndefined();
        expect(await store.listEndpoints('', 10)).toEqual([]);
      });

      it('[A4] keep their presence record when they are removed and created again', async () => {
        await store.commit([
          endpoint(FRED, 1),
          { kind: 'put-credentials', endpoint: FRED, credentials: [credentials(1)] },
          { kind: 'put-presence', presence: presence(FRED, 7) },
        ]);
        await store.commit([{ kind: 'remove-endpoint', endpoint: FRED }]);
        expect(await store.loadSubject(FRED)).toMatchObject({
          createdAt: undefined,
          presence: presence(FRED, 7),
        });
        expect(await store.findCredentials(FRED, 'SCRAM-SHA-256')).toBeUndefined();
        expect(await store.listEndpoints('', 10)).toEqual([]);

        await store.commit([endpoint(FRED, 9)]);
        expect(await store.loadSubject(FRED)).toMatchObject({ createdAt: 9, presence: presence(FRED, 7) });
        expect(await store.findCredentials(FRED, 'SCRAM-SHA-256')).toBeUndefined();
        expect(await store.listEndpoints('', 10)).toEqual([FRED]);
      });

      it('are listed page by page in code unit order', async () => {
        const names = [
          ...UNICODE,
          ...Array.from({ length: 60 }, (_, index) => `e${index}@example.com`),
          'apex=report@example.com',
        ];
        await store.commit(names.map((name, index) => endpoint(name, index)));
        const listed: string[] = [];
        for (;;) {
          const page = await store.listEndpoints(listed.at(-1) ?? '', 7);
          if (page.length === 0) break;
          expect(page.length).toBeLessThanOrEqual(7);
          listed.push(...page);
        }
        expect(listed).toEqual(names.sort());
        expect(await store.listEndpoints('', 0)).toEqual([]);
        expect(await store.listEndpoints('e59@', 1)).toEqual(['e59@example.com']); // `after` need not exist
      });
    });

    describe('credentials', () => {
      it('are kept as octets and replaced as a whole', async () => {
        await store.commit([
          endpoint(FRED, 1),
          { kind: 'put-credentials', endpoint: FRED, credentials: [credentials(0)] },
        ]);
        expect(await store.findCredentials(FRED, 'SCRAM-SHA-256')).toEqual(credentials(0));
        await store.commit([{ kind: 'put-credentials', endpoint: FRED, credentials: [credentials(200)] }]);
        const found = await store.findCredentials(FRED, 'SCRAM-SHA-256');
        expect(found).toEqual(credentials(200));
        expect(found?.salt).toBeInstanceOf(Uint8Array);
      });

      it('are kept for each mechanism, and those of an old password are gone for all of them', async () => {
        const digest = { mechanism: 'DIGEST-MD5', storedKey: new Uint8Array(16).fill(7) } as const;
        const all = [credentials(0), credentials(100, 'SCRAM-SHA-1'), digest];
        await store.commit([endpoint(FRED, 1), endpoint(WILMA, 1)]);
        await store.commit([{ kind: 'put-credentials', endpoint: FRED, credentials: all }]);
        const find = async (name: string) => [
          await store.findCredentials(name, 'SCRAM-SHA-256'),
          await store.findCredentials(name, 'SCRAM-SHA-1'),
          await store.findCredentials(name, 'DIGEST-MD5'),
        ];
        expect(await find(FRED)).toEqual(all);
        expect(await find(WILMA)).toEqual([undefined, undefined, undefined]);
        await store.commit([{ kind: 'put-credentials', endpoint: FRED, credentials: [credentials(9)] }]);
        expect(await find(FRED)).toEqual([credentials(9), undefined, undefined]);
      });

      it('are refused for an endpoint that is not provisioned', async () => {
        await store.commit([endpoint(FRED, 1), { kind: 'remove-endpoint', endpoint: FRED }]);
        for (const name of [FRED, WILMA]) {
          const refused = store.commit([
            { kind: 'put-credentials', endpoint: name, credentials: [credentials(1)] },
          ]);
          await expect(refused).rejects.toMatchObject({ code: 'store.endpoint' });
          expect(await store.findCredentials(name, 'SCRAM-SHA-256')).toBeUndefined();
        }
      });

      it('stay when their endpoint is put again', async () => {
        await store.commit([
          endpoint(FRED, 1),
          { kind: 'put-credentials', endpoint: FRED, credentials: [credentials(1)] },
        ]);
        await store.commit([endpoint(FRED, 2)]);
        expect(await store.findCredentials(FRED, 'SCRAM-SHA-256')).toEqual(credentials(1));
      });
    });

    describe('operations', () => {
      it('[3343 §4] are loaded by subject, in the order in which they were put', async () => {
        const [a, b, c, d] = [
          operation(WILMA, 'x@d', 1),
          operation(FRED, 'y@d', 1),
          operation(WILMA, 'a@d', 1),
          operation(FRED, 'a@d', 2),
        ];
        for (const each of [a, b, c, d]) await store.commit([{ kind: 'put-operation', operation: each }]);
        const all = await store.loadOperations();
        expect(all.filter(({ subject }) => subject === WILMA)).toEqual([a, c]);
        expect(all.filter(({ subject }) => subject === FRED)).toEqual([b, d]);
        const subjects = all.map(({ subject }) => subject);
        expect(subjects.filter((subject, index) => subject !== subjects[index - 1])).toHaveLength(2);
        await store.commit([endpoint(FRED, 1)]);
        expect((await store.loadSubject(FRED))?.operations).toEqual([b, d]);
      });

      it('have a transID that is unique for their originator, whatever the subject and kind', async () => {
        await store.commit([{ kind: 'put-operation', operation: operation(FRED, BARNEY, 1) }]);
        for (const other of [operation(WILMA, BARNEY, 1), operation(FRED, BARNEY, 1, 'watch')]) {
          await expect(store.commit([{ kind: 'put-operation', operation: other }])).rejects.toMatchObject({
            code: 'store.conflict',
          });
        }
        await store.commit([
          { kind: 'put-operation', operation: operation(FRED, 'barney/appl=a@example.com', 1) },
        ]);
        expect(await store.loadOperations()).toHaveLength(2);
      });

      it('are at most one of a kind for each subject and originator', async () => {
        await store.commit([{ kind: 'put-operation', operation: operation(FRED, BARNEY, 1) }]);
        const second = store.commit([{ kind: 'put-operation', operation: operation(FRED, BARNEY, 2) }]);
        await expect(second).rejects.toMatchObject({ code: 'store.conflict' });
        await store.commit([{ kind: 'put-operation', operation: operation(FRED, BARNEY, 2, 'watch') }]);
        expect(await store.loadOperations()).toHaveLength(2);
      });

      it('are updated in place when the very same one is put again', async () => {
        const [first, second] = [operation(FRED, BARNEY, 1), operation(FRED, WILMA, 1)];
        const longer = { ...first, durationSeconds: 60, deadline: 60_000 };
        await store.commit(
          [first, second, longer].map((each): StoreWrite => ({ kind: 'put-operation', operation: each })),
        );
        expect(await store.loadOperations()).toEqual([longer, second]);
      });
    });

    describe('access entries', () => {
      it('[3341 §4] are loaded with their owner and with the endpoint that a subaddress belongs to', async () => {
        const entries = [
          access(FRED, WILMA, ['core:data', 'presence:subscribe'], 1),
          access('fred/appl=wb@example.com', BARNEY, ['core:data'], 2),
          access('fred/a/b@example.com', '*@*', [], 3),
        ];
        await store.commit([
          endpoint(FRED, 1),
          ...[
            ...entries,
            access('fred@example.org', WILMA, ['all:all'], 4),
            access('frederic@example.com', WILMA, ['all:all'], 5),
          ].map((each): StoreWrite => ({ kind: 'put-access', access: each })),
        ]);
        expect(byOwner((await store.loadSubject(FRED))?.access ?? [])).toEqual(byOwner(entries));
      });

      it('[A4] remember the lastUpdate of a removed one', async () => {
        await store.commit([
          endpoint(FRED, 1),
          { kind: 'put-access', access: access(FRED, WILMA, ['core:data'], 1) },
        ]);
        await store.commit([{ kind: 'put-access', access: access(FRED, WILMA, undefined, 2) }]);
        expect((await store.loadSubject(FRED))?.access).toEqual([access(FRED, WILMA, undefined, 2)]);
        await store.commit([{ kind: 'put-access', access: access(FRED, WILMA, ['all:all'], 3) }]);
        expect((await store.loadSubject(FRED))?.access).toEqual([access(FRED, WILMA, ['all:all'], 3)]);
      });

      it('[A8] are found by the actor that they name literally, removed ones excluded', async () => {
        const found = [
          access(FRED, WILMA, ['core:data'], 1),
          access('barney/x@example.com', WILMA, ['all:all'], 2),
        ];
        const others = [
          access(BARNEY, WILMA, undefined, 3),
          access(FRED, '*@example.com', ['all:all'], 4),
          access(FRED, 'wilma/x@example.com', ['all:all'], 5),
        ];
        await store.commit(
          [...found, ...others].map((each): StoreWrite => ({ kind: 'put-access', access: each })),
        );
        expect(byOwner(await store.findAccessByActor(WILMA))).toEqual(byOwner(found));
        expect(await store.findAccessByActor('*@example.com')).toEqual([others[1]]);
        expect(await store.findAccessByActor('nobody@example.com')).toEqual([]);
      });
    });

    describe('held data', () => heldDataTests(() => store));
    it('keeps every character of names and texts', async () => {
      const text = `<tuple destination='apex:\u{1f98a}' />\r\n\t\u0001"'é\uff5e`;
      for (const [index, name] of UNICODE.entries()) {
        const record = { ...presence(name, index), publisherInfo: text, tuplesXml: text.repeat(2000) };
        await store.commit([endpoint(name, index), { kind: 'put-presence', presence: record }]);
        expect((await store.loadSubject(name))?.presence).toEqual(record);
      }
    });

    it('keeps the whole range of numbers', async () => {
      const large = {
        ...operation(FRED, WILMA, 2_147_483_647),
        durationSeconds: 2_147_483_647,
        deadline: Number.MAX_SAFE_INTEGER,
      };
      await store.commit([{ kind: 'put-operation', operation: large }]);
      expect(await store.loadOperations()).toEqual([large]);
    });

    it('[B13] has a secret of its own, always the same', async () => {
      const secret = await store.secret();
      expect(secret).toHaveLength(32);
      expect(new Set(secret).size).toBeGreaterThan(1);
      expect(await store.secret()).toEqual(secret);
    });

    it('takes no calls once it is closed, and answers those made before', async () => {
      const before = store.commit([endpoint(FRED, 1)]);
      const closed = store.close();
      const after = [
        store.commit([endpoint(WILMA, 1)]),
        store.loadSubject(FRED),
        store.listEndpoints('', 1),
        store.findCredentials(FRED, 'SCRAM-SHA-256'),
        store.secret(),
      ];
      for (const call of after) await expect(call).rejects.toMatchObject({ code: 'store.closed' });
      await Promise.all([before, closed, store.close()]);
    });

    it('[P8] [3343 §4] [3341 §4] keeps everything when it is closed and opened again', async (test) => {
      if (!place.reopens) return test.skip('this store does not outlive its process');
      await store.commit([
        endpoint(FRED, 1),
        { kind: 'put-credentials', endpoint: FRED, credentials: [credentials(3)] },
        { kind: 'put-presence', presence: presence(FRED, 4) },
        { kind: 'put-operation', operation: operation(FRED, WILMA, 5) },
        { kind: 'put-access', access: access(FRED, WILMA, ['core:data'], 6) },
        { kind: 'put-access', access: access(FRED, BARNEY, undefined, 7) },
        { kind: 'put-held', held: held(1, FRED) },
        endpoint(WILMA, 8),
        { kind: 'remove-endpoint', endpoint: WILMA },
      ]);
      const read = async () => ({
        fred: await store.loadSubject(FRED),
        wilma: await store.loadSubject(WILMA),
        operations: await store.loadOperations(),
        credentials: await store.findCredentials(FRED, 'SCRAM-SHA-256'),
        endpoints: await store.listEndpoints('', 10),
        access: await store.findAccessByActor(WILMA),
        held: await store.listHeld(0, 10),
        secret: await store.secret(),
      });
      const before = await read();
      await store.close();
      store = await place.open();
      expect(await read()).toEqual(before);
    });
  });
}

function byOwner(entries: readonly AccessRecord[]): readonly AccessRecord[] {
  return [...entries].sort((a, b) => (a.owner < b.owner ? -1 : 1));
}
