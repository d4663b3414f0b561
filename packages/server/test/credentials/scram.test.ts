import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { deriveCredentials, verifyPassword } from '../../src/credentials/scram.ts';

const octets = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));

describe('SCRAM credentials', () => {
  it('[7677 §3] [5802 §3] check the proof of the example and give its signature', async () => {
    const credentials = await deriveCredentials('pencil', {
      salt: octets('W22ZaJ0SNY7soEsUEjb6gQ=='),
      iterations: 4096,
    });
    const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
    const authMessage = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`;
    const hmac = (key: Uint8Array) => createHmac('sha256', key).update(authMessage).digest();
    expect(hmac(credentials.serverKey).toString('base64')).toBe(
      '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    );
    const clientSignature = hmac(credentials.storedKey);
    const clientKey = octets('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=').map(
      (octet, index) => octet ^ clientSignature[index]!,
    );
    expect(createHash('sha256').update(clientKey).digest()).toEqual(Buffer.from(credentials.storedKey));
  });

  it('[5802 §2.2] are of the prepared password, as an independent derivation gives them', async () => {
    const salt = octets('AAECAwQFBgc=');
    const credentials = await deriveCredentials('re\u0301\u00adsum\u00e9\u2168', { salt, iterations: 5000 });
    const saltedPassword = pbkdf2Sync('r\u00e9sum\u00e9IX', salt, 5000, 32, 'sha256');
    const clientKey = createHmac('sha256', saltedPassword).update('Client Key').digest();
    expect(Buffer.from(credentials.storedKey)).toEqual(createHash('sha256').update(clientKey).digest());
    expect(Buffer.from(credentials.serverKey)).toEqual(
      createHmac('sha256', saltedPassword).update('Server Key').digest(),
    );
  });

  it('are 10,000 iterations with a salt of their own unless told otherwise', async () => {
    const [first, second] = await Promise.all([deriveCredentials('pencil'), deriveCredentials('pencil')]);
    expect(first.iterations).toBe(10_000);
    expect(first.salt).toHaveLength(16);
    expect(first.salt).not.toEqual(second.salt);
    expect(first.storedKey).not.toEqual(second.storedKey);
  });

  it('verify their own password and no other, in whatever form it is typed', async () => {
    const credentials = await deriveCredentials('r\u00e9sum\u00e9', { iterations: 4096 });
    expect(await verifyPassword(credentials, 're\u0301sume\u0301')).toBe(true);
    for (const wrong of ['resume', 'R\u00e9sum\u00e9', '', '\u0007', 'r\u00e9sum\u00e9 '])
      expect(await verifyPassword(credentials, wrong)).toBe(false);
    expect(await verifyPassword({ ...credentials, storedKey: new Uint8Array(0) }, 'r\u00e9sum\u00e9')).toBe(
      false,
    );
  });

  it('are not derived from an empty or prohibited password, or with too few iterations', async () => {
    await expect(deriveCredentials('')).rejects.toMatchObject({ code: 'password.empty' });
    await expect(deriveCredentials('a\u0000')).rejects.toMatchObject({ code: 'password.characters' });
    for (const iterations of [4095, 0, 1.5, Number.NaN]) {
      await expect(deriveCredentials('pencil', { iterations })).rejects.toMatchObject({
        code: 'password.iterations',
      });
    }
  });
});
