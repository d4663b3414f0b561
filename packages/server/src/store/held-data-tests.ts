import { expect, it } from 'vitest';
import type { Store, StoreWrite } from './ports.ts';
import { BARNEY, endpoint, FRED, held, WILMA } from './sample-records.ts';

/** The part of the suite of stores that is about held data. */
export function heldDataTests(store: () => Store): void {
  const put = (id: number, recipient: string): StoreWrite => ({
    kind: 'put-held',
    held: held(id, recipient),
  });

  it('[C14] is found by its recipient, and listed in the order of its ids', async () => {
    await store().commit([endpoint(FRED, 1), endpoint(WILMA, 1)]);
    await store().commit([put(3, FRED), put(1, WILMA), put(7, 'fred/x@example.com'), put(2, FRED)]);
    expect(await store().findHeld(FRED)).toEqual([held(2, FRED), held(3, FRED)]);
    expect(await store().findHeld('fred/x@example.com')).toEqual([held(7, 'fred/x@example.com')]);
    expect(await store().findHeld(BARNEY)).toEqual([]);
    expect((await store().listHeld(0, 3)).map(({ id }) => id)).toEqual([1, 2, 3]);
    expect((await store().listHeld(3, 3)).map(({ id }) => id)).toEqual([7]);
    expect(await store().listHeld(7, 3)).toEqual([]);
  });

  it('[C14] goes when it is removed; what is not there is removed without an error', async () => {
    await store().commit([endpoint(FRED, 1), put(1, FRED), put(2, FRED)]);
    await store().commit([
      { kind: 'remove-held', id: 1 },
      { kind: 'remove-held', id: 9 },
    ]);
    expect(await store().findHeld(FRED)).toEqual([held(2, FRED)]);
  });

  it('[A8] goes with its endpoint, that of its subaddresses too', async () => {
    await store().commit([endpoint(FRED, 1), endpoint(WILMA, 1)]);
    await store().commit([put(1, FRED), put(2, 'fred/x@example.com'), put(3, WILMA)]);
    await store().commit([{ kind: 'remove-endpoint', endpoint: FRED }]);
    expect(await store().listHeld(0, 10)).toEqual([held(3, WILMA)]);
  });

  it('is refused for an endpoint that is not provisioned, and with an id that is taken', async () => {
    await store().commit([endpoint(FRED, 1), put(1, FRED)]);
    const unknown = store().commit([put(2, FRED), put(3, 'nobody/x@example.com')]);
    await expect(unknown).rejects.toMatchObject({ code: 'store.endpoint' });
    await expect(store().commit([put(1, FRED)])).rejects.toMatchObject({ code: 'store.conflict' });
    await store().commit([{ kind: 'remove-endpoint', endpoint: FRED }]);
    await expect(store().commit([put(4, FRED)])).rejects.toMatchObject({ code: 'store.endpoint' });
    expect(await store().listHeld(0, 10)).toEqual([]);
  });

  it('stays when a later write of the batch that removes it is refused', async () => {
    await store().commit([endpoint(FRED, 1), put(1, FRED)]);
    const refused = store().commit([
      { kind: 'remove-held', id: 1 },
      { kind: 'remove-endpoint', endpoint: FRED },
      put(2, 'nobody@example.com'),
    ]);
    await expect(refused).rejects.toMatchObject({ code: 'store.endpoint' });
    expect(await store().findHeld(FRED)).toEqual([held(1, FRED)]);
  });
}
