import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Domain } from './domain.ts';
import { AppProcess } from './processes.ts';

let domain: Domain;
beforeAll(async () => {
  domain = await Domain.start();
  for (const owner of ['wilma@example.com', 'barney@example.com']) {
    const access = ['access', 'set', '--owner', owner, '--actor', 'fred/*@example.com'];
    await domain.administer([...access, '--actions', 'core:data']);
  }
}, 60_000);
afterAll(async () => {
  await domain.stop();
});

const fred = (...words: readonly string[]) => domain.apexAs('fred@example.com', ...words);

describe('apex send and receive', () => {
  it('[3340 §5.1] carries a text, and tells that it was delivered', async () => {
    const receive = domain.apex('wilma', 'receive', '--count', '1');
    expect(await receive.json()).toEqual({ event: 'attached', endpoint: 'wilma@example.com' });
    const sent = await fred('send', 'wilma@example.com', 'yabba \u001b[31mdabba', '--status').ended;
    expect(sent).toMatchObject({
      code: 0,
      output: expect.stringMatching(
        /^accepted for wilma@example\.com\nwilma@example\.com: delivered after \d+ ms\n$/,
      ),
    });
    expect(await receive.json()).toEqual({
      event: 'received',
      originator: expect.stringMatching(/^fred\/apex-\w+@example\.com$/),
      recipient: 'wilma@example.com',
      type: 'text/plain',
      text: 'yabba \u001b[31mdabba',
      octets: 16,
    });
    expect(await receive.ended).toMatchObject({ code: 0 });
  });

  it('[3342 §3] holds messages over a crash of the server, and prints what would steer a terminal as text', async () => {
    for (const text of ['one\u001b[2J', 'two']) {
      expect(await fred('send', 'barney@example.com', text, '--hold').ended).toMatchObject({ code: 0 });
    }
    await domain.killServer();
    await domain.serve();
    const receive = await domain.apexAs('barney@example.com', 'receive', '--count', '2').ended;
    expect(receive.code).toBe(0);
    expect(receive.output.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^fred\/apex-\w+@example\.com: one\\u001b\[2J$/),
      expect.stringMatching(/: two$/),
      '',
    ]);
  });

  it('[C14] loses nothing that came behind the last one of --count', async () => {
    const texts = ['one', 'two', 'three'];
    for (const text of texts) {
      expect(await fred('send', 'barney@example.com', text, '--hold').ended).toMatchObject({ code: 0 });
    }
    const seen: unknown[] = [];
    while (seen.length < texts.length) {
      const { code, output } = await domain.apex('barney', 'receive', '--count', '1').ended;
      expect(code).toBe(0);
      const lines = output.trimEnd().split('\n').slice(1);
      seen.push(...lines.map((line) => (JSON.parse(line) as { text: unknown }).text));
    }
    expect(seen).toEqual(texts);
  });

  it('exits with 1 when somebody was not reached, and says why', async () => {
    const sent = await fred('send', 'barney@example.com', 'hello', '--status', '--also', 'nobody@example.com')
      .ended;
    expect(sent.code).toBe(1);
    expect(sent.output).toContain('barney@example.com: failed after');
    expect(sent.output).toMatch(/nobody@example\.com: failed after \d+ ms, 550 unknown endpoint/);
    expect(sent.errors).toMatch(/^apex: not delivered to barney@example\.com, nobody@example\.com; .*\n$/);
  });

  it('[3342 §2.1] tells that a held message was not delivered in time', async () => {
    const words = ['barney@example.com', 'hello', '--status', '--hold', '--not-later-than', '1s'];
    const sent = await fred('send', ...words).ended;
    expect(sent).toMatchObject({
      code: 1,
      output: expect.stringContaining('550 not delivered within 1000 ms'),
    });
  });

  it('sends standard input and XML', async () => {
    const receive = domain.apex('wilma', 'receive', '--count', '2');
    await receive.json();
    const piped = fred('send', 'wilma@example.com', '--content-type', 'application/json');
    piped.child.stdin!.end('{"a":1}');
    expect(await piped.ended).toMatchObject({ code: 0 });
    expect(await fred('send', 'wilma@example.com', '<a b="1"/>', '--xml').ended).toMatchObject({ code: 0 });
    expect(await receive.json()).toMatchObject({ type: 'application/json', octets: 7 });
    expect(await receive.json()).toMatchObject({ type: 'xml', text: '<a b="1"/>' });
  });

  it('takes no password from standard input when that is what to send', async () => {
    const piped = new AppProcess('apex', ['send', 'wilma@example.com', '--as', 'fred@example.com']);
    piped.child.stdin!.end('the text\n');
    expect(await piped.ended).toMatchObject({ code: 2, errors: expect.stringContaining('in APEX_PASSWORD') });
  });

  it('is told by the relay that a file is too long', async () => {
    const command = fred('send', 'wilma@example.com', '--content-type', 'application/octet-stream');
    command.child.stdin!.end(Buffer.alloc(16 * 1024 * 1024));
    expect(await command.ended).toMatchObject({
      code: 1,
      errors: expect.stringMatching(/^apex: send to wilma@example\.com: 554 [^\n]*too long[^\n]*\n$/),
    });
  });

  it('says in one line what is wrong', async () => {
    for (const [words, code, errors] of [
      [['wilma', 'x'], 2, /recipient wilma: expected an endpoint/],
      [['wilma@example.com', '<a>', '--xml'], 2, /not well-formed XML/],
      [
        ['wilma@example.com', 'x', '--not-later-than', 'soon'],
        2,
        /--not-later-than soon: expected a duration/,
      ],
      [['wilma@example.com', 'x', '--status', '--timeout', '25d'], 2, /--timeout 25d: 24d is the longest/],
      [['wilma@example.com', '--file', '/nowhere'], 1, /cannot read \/nowhere/],
    ] as const) {
      const outcome = await fred('send', ...words).ended;
      expect(outcome).toMatchObject({ code, errors: expect.stringMatching(errors) });
      expect(outcome.errors.split('\n')).toHaveLength(2);
    }
  });
});

describe('apex trace', () => {
  it('[3340 §5.1 rule 2] prints the relays on the way, and how long it took', async () => {
    const receive = domain.apex('wilma', 'receive', '--count', '1');
    await receive.json();
    const trace = await fred('trace', 'wilma@example.com').ended;
    expect(trace).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^1 {2}example\.com {2}250 {2}\d+\.\d ms\n$/),
    });
    await receive.ended;
  });

  it('exits with 1 when the endpoint was not reached', async () => {
    expect(await fred('trace', 'barney@example.com').ended).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^1 {2}example\.com {2}550 barney@example\.com is not attached {2}/),
      errors: expect.stringMatching(/^apex: barney@example\.com was not reached; .*\n$/),
    });
    expect(await fred('trace', 'barney@rubble.com').ended).toMatchObject({
      code: 1,
      output: expect.stringContaining('550 no way from here to the domain rubble.com'),
    });
  });
});
