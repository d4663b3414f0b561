import { describe, expect, it } from 'vitest';
import { BARNEY, BETTY, FRED, WILMA } from './desk.ts';
import { CREATED, furnished } from './house.ts';

describe('administration', () => {
  it('[P12] [A8] removes an endpoint with all that stands elsewhere', async () => {
    const home = await furnished();
    await home.administration.setAccess(BARNEY, WILMA, ['presence:subscribe']);
    await home.administration.setAccess(BARNEY, 'wilma/*@example.com', ['presence:subscribe']);
    home.subscribe(WILMA, BARNEY, 1);
    home.watch('wilma/a@example.com', FRED, 1);
    home.subscribe(FRED, WILMA, 4);
    home.watch(BARNEY, BARNEY, 5);
    await home.owner.idle();
    home.take();
    await home.administration.remove(WILMA);
    expect(home.take().sort()).toEqual([
      'barney 5: notify terminate wilma',
      'fred 4: terminate 550',
      'wilma 1: terminate 550',
      'wilma/a 1: terminate 550',
    ]);
    expect(home.detached).toEqual([`${WILMA} 550`]);
    expect((await home.administration.listAccess(BARNEY)).map(({ actor }) => actor)).toEqual([
      'barney/*@example.com',
      '*@example.com',
    ]);
    expect(await home.administration.listEndpoints('', 10)).toEqual([BARNEY, FRED]);
    await expect(home.administration.showPresence(WILMA)).rejects.toMatchObject({ code: 'endpoint.unknown' });
    await expect(home.administration.remove(WILMA)).rejects.toMatchObject({ code: 'endpoint.unknown' });
  });

  it('[P12] [P5] tells those who watch a removed endpoint of its subscriptions, then ends their watches', async () => {
    const home = await furnished();
    await home.administration.setAccess(FRED, BARNEY, ['presence:watch']);
    home.watch(BARNEY, FRED, 2);
    home.subscribe(WILMA, FRED, 1);
    await home.owner.idle();
    home.take();
    await home.administration.remove(FRED);
    expect(home.take()).toEqual([
      'wilma 1: terminate 550',
      'barney 2: notify terminate wilma',
      'barney 2: terminate 550',
    ]);
  });

  it('[A5] ends with 537 what another entry made possible, when that entry goes', async () => {
    const home = await furnished();
    home.subscribe(WILMA, FRED, 1);
    await home.administration.setAccess(FRED, WILMA, ['core:data']);
    expect(home.take()).toEqual([`wilma 1: publish ${CREATED}`, 'wilma 1: terminate 537']);
  });

  it('[C3] [C8] takes names of endpoints of the domain only', async () => {
    const { administration } = await furnished();
    const code = (endpoint: string): Promise<unknown> =>
      administration.provision(endpoint).catch((error: { code: string }) => error.code);
    expect(await code('APEX=pubsub@example.com')).toBe('endpoint.reserved');
    expect(await code('fred/appl=im@example.com')).toBe('endpoint.subaddress');
    expect(await code('fred@elsewhere.example')).toBe('endpoint.domain');
    expect(await code('fred')).toBe('endpoint.name');
    expect(await code('fred@EXAMPLE.com')).toBe('endpoint.exists');
    expect(await code('bam*bam@example.com')).toBeUndefined();
    expect((await administration.listAccess('bam*bam@example.com')).map(({ actor }) => actor)).toEqual([
      'bam\\*bam/*@example.com',
      '*@example.com',
    ]);
  });

  it('refuses actors and actions that mean nothing', async () => {
    const { administration } = await furnished();
    await expect(administration.setAccess(FRED, 'f*d@example.com', ['all:all'])).rejects.toMatchObject({
      code: 'access.actor',
    });
    await expect(administration.setAccess(FRED, WILMA, ['subscribe'])).rejects.toMatchObject({
      code: 'access.actions',
    });
    await expect(administration.setAccess(FRED, WILMA, [])).rejects.toMatchObject({ code: 'access.actions' });
    await expect(administration.setAccess(BETTY, WILMA, ['all:all'])).rejects.toMatchObject({
      code: 'endpoint.unknown',
    });
    await expect(administration.removeAccess(FRED, BETTY)).rejects.toMatchObject({ code: 'access.unknown' });
  });

  it('keeps new credentials, and those of a removed endpoint no longer', async () => {
    const home = await furnished();
    const keys = {
      salt: new Uint8Array([1]),
      iterations: 4096,
      storedKey: new Uint8Array([2]),
      serverKey: new Uint8Array([3]),
    };
    await home.administration.setCredentials(FRED, [{ mechanism: 'SCRAM-SHA-256', ...keys }]);
    expect(await home.store.findCredentials(FRED, 'SCRAM-SHA-256')).toMatchObject({ iterations: 4096 });
    await home.administration.remove(FRED);
    expect(await home.store.findCredentials(FRED, 'SCRAM-SHA-256')).toBeUndefined();
  });
});
