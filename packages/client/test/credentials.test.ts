import { afterEach, describe, expect, it } from 'vitest';
import { mechanismsOf, type PasswordMechanism } from '../src/credentials.ts';
import { FRED, House } from './house.ts';

const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

describe('a password', () => {
  let house: House;
  afterEach(() => house[Symbol.asyncDispose]());

  const attempt = (mechanisms?: readonly PasswordMechanism[]) =>
    house.attach(FRED, { attachOverride: true, ...(mechanisms && { mechanisms }) }).then(
      () => 'attached',
      (error: unknown) => error,
    );

  it.each([
    [['SCRAM-SHA-256', 'PLAIN']],
    [['PLAIN']],
    [['SCRAM-SHA-1', 'SCRAM-SHA-256', 'DIGEST-MD5']],
  ] as const)('is enough for the best mechanism that the server offers: %j', async (offered) => {
    house = await House.open(offered);
    expect(await attempt()).toBe('attached');
  });

  it('[B12] is used with a weaker mechanism only when that is named', async () => {
    house = await House.open(['SCRAM-SHA-1', 'DIGEST-MD5']);
    expect(await attempt()).toMatchObject({
      code: 'client.usage',
      message:
        'authenticate as fred@example.com: the peer offers none of the acceptable SASL mechanisms ' +
        '(SCRAM-SHA-256, PLAIN); it offers SCRAM-SHA-1, DIGEST-MD5; ' +
        'use credentials that it takes; who has a certificate needs one that it trusts',
    });
    expect(await attempt(['SCRAM-SHA-1'])).toBe('attached');
    expect(await attempt(['DIGEST-MD5'])).toBe('attached');
  });

  it('never leaves readable to a server that has nothing but PLAIN, when PLAIN is not on the list', async () => {
    house = await House.open(['PLAIN']);
    expect(await attempt(['SCRAM-SHA-256'])).toMatchObject({ code: 'client.usage' });
  });

  it('[B12] is not even proved over an unprotected session unless the client is told to', async () => {
    house = await House.open();
    const error = house.attach(FRED, { requireTls: true });
    await expect(error).rejects.toMatchObject({
      code: 'client.usage',
      message: 'authenticate as fred@example.com: SCRAM-SHA-256 requires a secured session',
    });
  });
});

describe('other credentials', () => {
  it('are for one mechanism each, as the endpoint whatever the subaddress', async () => {
    const [external, ...none] = await mechanismsOf('fred/desk@example.com', { certificate: true }, {});
    expect(none).toEqual([]);
    expect(external).toMatchObject({ name: 'EXTERNAL', requireSecured: true });
    expect(text(await external!.initial())).toBe(FRED);

    const [bearer] = await mechanismsOf('fred/desk@example.com', { token: 'abc' }, {});
    expect(bearer).toMatchObject({ name: 'OAUTHBEARER', requireSecured: true });
    expect(text(await bearer!.initial())).toBe(`n,a=${FRED},\u0001auth=Bearer abc\u0001\u0001`);
    const [open] = await mechanismsOf(FRED, { token: 'abc' }, { requireTls: false });
    expect(open).toMatchObject({ requireSecured: false });
  });

  it('leave no choice of mechanism', async () => {
    await expect(mechanismsOf(FRED, { token: 'abc' }, { mechanisms: ['PLAIN'] })).rejects.toMatchObject({
      code: 'client.usage',
    });
  });
});
