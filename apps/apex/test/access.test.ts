import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Domain } from './domain.ts';

let domain: Domain;
beforeAll(async () => {
  domain = await Domain.start();
}, 60_000);
afterAll(async () => {
  await domain.stop();
});

const access = (name: string, ...words: readonly string[]) =>
  domain.apexAs(`${name}@example.com`, 'access', ...words).ended;

describe('apex access', () => {
  it('[C16] allows somebody and her applications, and shows the entries', async () => {
    const { code, output } = await access('fred', 'allow', 'barney@example.com');
    expect(code).toBe(0);
    expect(output.split('\n')).toEqual([
      expect.stringMatching(/^barney@example\.com: core:data presence:subscribe, last update \d{4}-.*Z$/),
      expect.stringMatching(/^barney\/\*@example\.com: core:data presence:subscribe, last update /),
      '',
    ]);
    expect(await domain.apex('barney', 'fetch', 'fred@example.com').ended).toMatchObject({ code: 0 });
  });

  it('denies, hides and forgets', async () => {
    expect((await access('fred', 'deny', 'barney@example.com')).output).toContain(
      'barney@example.com: all:none',
    );
    const denied = await access('fred', 'query', 'barney@example.com', 'core:data');
    expect(denied).toMatchObject({ code: 0, output: 'deny: barney@example.com core:data\n' });
    expect((await access('fred', 'appear-offline', 'barney@example.com')).output).toContain(': core:data, ');
    const allowed = await access('fred', 'query', 'barney@example.com', 'core:data');
    expect(allowed).toMatchObject({ code: 0, output: 'allow: barney@example.com core:data\n' });
    const forgotten = await access('fred', 'forget', 'barney@example.com');
    expect(forgotten).toMatchObject({ code: 0, output: 'no entry for barney@example.com\n' });
  });

  it('sets, gets and removes one entry, in JSON as well', async () => {
    const set = await domain.apex('fred', 'access', 'set', '*@rubble.com', 'core:data', 'presence:watch')
      .ended;
    expect(set.code).toBe(0);
    const entry = {
      owner: 'fred@example.com',
      actor: '*@rubble.com',
      actions: ['core:data', 'presence:watch'],
      lastUpdate: expect.any(String),
    };
    expect(JSON.parse(set.output)).toEqual({ event: 'access', entry });
    expect((await access('fred', 'get', '*@rubble.com')).output).toContain('core:data presence:watch');
    expect(await access('fred', 'remove', '*@rubble.com')).toMatchObject({ code: 0 });
    for (const command of ['get', 'remove']) {
      expect(await access('fred', command, '*@rubble.com')).toMatchObject({
        code: 1,
        output: '',
        errors:
          'apex: there is no access entry with the actor *@rubble.com; actors are compared as they were written\n',
      });
    }
  });

  it('set and remove show the entry that they are about, and no other', async () => {
    await access('fred', 'allow', 'barney@example.com');
    const set = await access('fred', 'set', 'barney@example.com', 'core:data');
    expect(set.output).toMatch(/^barney@example\.com: core:data, last update \S+\n$/);
    const removed = await domain.apex('fred', 'access', 'remove', 'barney@example.com').ended;
    expect(JSON.parse(removed.output)).toEqual({ event: 'no-access', actor: 'barney@example.com' });
    expect((await access('fred', 'get', 'barney/*@example.com')).output).toContain(
      ': core:data presence:sub',
    );
  });

  it('says in one line what is wrong', async () => {
    expect(await access('wilma', 'get', 'wilma@example.com', '--owner', 'fred@example.com')).toMatchObject({
      code: 1,
      errors: expect.stringMatching(
        /^apex: get access of wilma@example\.com to fred@example\.com: 537 .*\n$/,
      ),
    });
    expect(await access('fred', 'set', 'wilma', 'core:data')).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/^apex: not an actor, such as .*: "wilma"\n$/),
    });
    expect(await access('fred', 'set', 'wilma@example.com', 'talk')).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/^apex: not an action, such as .*: "talk"\n$/),
    });
    expect(await access('fred', 'set', 'wilma@example.com')).toMatchObject({ code: 2 });
    expect(await access('fred', 'deny', 'fred@example.com')).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/^apex: fred@example\.com is the owner, [^\n]+\n$/),
    });
  });
});
