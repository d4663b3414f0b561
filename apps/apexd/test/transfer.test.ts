import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@apex/client/tcp';
import { describe, expect, it } from 'vitest';
import { Home, type Outcome, type Serving } from './server-app.ts';

const FRED = 'fred@example.com';
const credentials = { password: 'pw' };

async function furnished(count = 0): Promise<Home> {
  const home = new Home();
  const names = ['fred', 'wilma', ...Array.from({ length: count }, (_, index) => `e${index}`)];
  const lines = names.map((name) => `${name}@example.com,pw\n`).join('');
  expect(await home.run('endpoint import', lines)).toMatchObject({ code: 0 });
  return home;
}

/** An application; wilma may subscribe to fred. */
function application({ port }: Serving, endpoint: string) {
  return connect({ host: '127.0.0.1', port, endpoint, credentials, requireTls: false, reconnect: false });
}

async function publish(server: Serving, info: string): Promise<void> {
  await using fred = await application(server, FRED);
  await fred.presence.publish({
    publisherInfo: info,
    tuples: [{ destination: 'mailto:fred@flintstone.com', availableUntil: '2525-12-31T23:59:59Z' }],
  });
}

function document(outcome: Outcome): string {
  expect(outcome).toMatchObject({ code: 0, stderr: '' });
  return outcome.stdout;
}

const told = (imported: number, unchanged: number, kept: number, refused: number): string =>
  `imported ${imported}, unchanged ${unchanged}, kept newer ones ${kept}, refused ${refused}\n`;

describe('presence export and import', () => {
  it('write the same document with and without a server, in more pages than one, and read it elsewhere', async () => {
    const home = await furnished(600);
    const server = await home.serve();
    await publish(server, 'http://example.com/?a=1&b=2');
    const whole = document(await home.run('presence export --access'));
    const file = join(home.folder, 'export.xml');
    expect(document(await home.run(`presence export ${file} --access`))).toBe('');
    await server.stop();
    expect(readFileSync(file, 'utf8')).toBe(whole);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(document(await home.run('presence export --access'))).toBe(whole);
    expect(whole.match(/<presence /g)).toHaveLength(602);
    expect(whole).toContain('publisherInfo="http://example.com/?a=1&amp;b=2"');
    // Neither passwords nor what is kept of them.
    expect(whole).not.toMatch(/password|key|salt/i);

    const elsewhere = await furnished(600);
    await elsewhere.serve();
    expect(await elsewhere.run('presence import -', whole)).toMatchObject({
      code: 0,
      stdout: told(1207, 0, 0, 0),
      stderr: '',
    });
    expect(document(await elsewhere.run('presence export --access'))).toBe(whole);
    expect((await elsewhere.run(`presence import ${file}`)).stdout).toBe(told(0, 1207, 0, 0));
  });

  it('take the endpoints that are named, without access entries unless they are asked for', async () => {
    const home = await furnished();
    const one = document(await home.run(`presence export --endpoint ${FRED}`));
    expect(one.match(/<(?:presence|access) /g)).toEqual(['<presence ']);
    expect(document(await home.run(`presence show ${FRED} --xml`))).toBe(one);
    expect(document(await home.run(`presence show ${FRED} --pidf`))).toContain(
      'entity="pres:fred@example.com"',
    );
    const file = join(home.folder, 'export.xml');
    const unknown = await home.run(
      `presence export --endpoint ${FRED} --endpoint nobody@example.com ${file}`,
    );
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apexd: nobody@example\.com is not provisioned; .*\n$/),
    });
    // Nothing half written is left behind.
    expect(readdirSync(home.folder).sort()).toEqual(['apexd.yaml', 'data']);
    expect(await home.run(`presence show ${FRED} --xml --json`)).toMatchObject({ code: 2 });
  });

  it('write over a file only when told to', async () => {
    const home = await furnished();
    const file = join(home.folder, 'export.xml');
    writeFileSync(file, 'mine');
    const refused = await home.run(`presence export ${file}`);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is there already: .*--force\n$/),
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(await home.run(`presence export ${file} --force`)).toMatchObject({ code: 0 });
    expect(readFileSync(file, 'utf8')).toMatch(/<\/entries>\n$/);
    const nowhere = await home.run(`presence export ${home.folder}/none/export.xml`);
    expect(nowhere).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^apexd: cannot write .*ENOENT.*\n$/),
    });
  });

  it('keep what is newer, unless it is to be replaced, and tell subscribers as a publish does', async () => {
    const home = await furnished();
    const server = await home.serve();
    await home.spawn(
      `access set --owner ${FRED} --actor wilma@example.com --config ${home.config} --actions`
        .split(' ')
        .concat('presence:subscribe core:data'),
      '',
    ).outcome;
    await publish(server, 'http://example.com/before');
    const before = document(await home.run(`presence export --endpoint ${FRED}`));
    await publish(server, 'http://example.com/after');

    await using wilma = await application(server, 'wilma@example.com');
    const subscription = await wilma.presence.subscribe(FRED, { durationSeconds: 60 });
    const entries = subscription[Symbol.asyncIterator]();
    const info = async (): Promise<string> => (await entries.next()).value!.publisherInfo;
    expect(await info()).toBe('http://example.com/after');

    const kept = await home.run('presence import -', before);
    expect(kept).toMatchObject({ code: 0, stdout: told(0, 0, 1, 0) });
    expect(kept.stderr).toBe(
      'standard input:3: presence fred@example.com: kept: what is here is newer (--replace replaces it)\n',
    );
    expect((await home.run('presence import - --replace', before)).stdout).toBe(told(1, 0, 0, 0));
    expect(await info()).toBe('http://example.com/before');
  });

  it('change nothing of a wrong entry, and say in which line it is', async () => {
    const home = await furnished();
    const lines = [
      '<entries version="1" domains="example.com">',
      '<presence publisher="nobody@example.com" lastUpdate="2020-01-01T00:00:00Z"><tuple destination="apex:nobody@example.com" availableUntil="2020-01-01T00:00:00Z"/></presence>',
      '<presence publisher="fred@example.com" lastUpdate="soon"><tuple destination="apex:fred@example.com" availableUntil="2020-01-01T00:00:00Z"/></presence>',
      '<presence publisher="apex=presence@example.com" lastUpdate="2020-01-01T00:00:00Z"><tuple destination="a:b" availableUntil="2020-01-01T00:00:00Z"/></presence>',
      '<presence publisher="fred@example.com" lastUpdate="2020-01-01T00:00:00.0001Z"><tuple destination="a:b" availableUntil="2020-01-01T00:00:00Z"/></presence>',
      '<access owner="fred@example.com" actor="*@*" actions="core:data" lastUpdate="2020-01-01T00:00:00Z"/>',
      '</entries>',
    ];
    const outcome = await home.run('presence import -', lines.join('\n'));
    expect(outcome).toMatchObject({ code: 1, stdout: told(1, 0, 0, 4) });
    expect(outcome.stderr.split('\n').map((line) => line.slice(0, 120))).toEqual([
      'standard input:3: presence fred@example.com: refused: lastUpdate: not an RFC 3339 timestamp',
      'standard input:2: presence nobody@example.com: refused: nobody@example.com is not provisioned: add it first (endpoint ad',
      'standard input:4: presence apex=presence@example.com: refused: apex=presence@example.com: names that begin with apex= ar',
      'standard input:5: presence fred@example.com: refused: its lastUpdate 2020-01-01T00:00:00.0001Z is finer than a milliseco',
      'apexd: standard input: 4 of 5 entries were refused, the lines above say why; repair and import them again',
      '',
    ]);
    const broken = await home.run('presence import -', lines.slice(0, -1).join('\n'));
    expect(broken).toMatchObject({ code: 1, stdout: told(0, 1, 0, 4) });
    expect(broken.stderr).toMatch(/apexd: standard input:6: not well-formed XML: unclosed tag: entries\n$/);
    const missing = await home.run('presence import nothing.xml');
    expect(missing).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^apexd: cannot read nothing\.xml: .*\n$/),
    });
    expect(existsSync(join(home.folder, 'nothing.xml'))).toBe(false);
  });
});
