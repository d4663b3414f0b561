import { a, type NameServer, nameServer, srv } from '@apex/vitest/name-server';
import { VirtualClock } from '@apex/vitest/virtual-clock';
import { describe, expect, it } from 'vitest';
import { addressBook } from '../../src/mesh/address-book.ts';
import { RelayDirectory, type RelayDirectoryOptions } from '../../src/mesh/relay-directory.ts';

const question = 'SRV _apex-mesh._tcp.rubble.com';

function directory(
  { address }: Pick<NameServer, 'address'>,
  more: Partial<RelayDirectoryOptions> = {},
): {
  found: (domain: string) => Promise<string>;
  forget: (domain: string) => void;
  clock: VirtualClock;
} {
  const clock = new VirtualClock();
  const relays = new RelayDirectory({
    book: addressBook([address]),
    clock,
    table: new Map(),
    discovery: true,
    random: () => 0.5,
    ...more,
  });
  return {
    clock,
    forget: (domain) => relays.forget(domain),
    async found(domain) {
      const places = await relays.find(domain);
      return places.map(({ host, port }) => `${host}:${port}`).join(' ');
    },
  };
}

describe('the relays of a domain', () => {
  it('[3340 §3.1] are those of its SRV records, in the order of RFC 2782', async () => {
    const dns = await nameServer({
      [question]: [
        srv('rubble.com', 'spare.rubble.com', 2912, { priority: 10 }),
        srv('rubble.com', 'quarry.rubble.com', 1912, { priority: 0 }),
      ],
      'A quarry.rubble.com': [a('quarry.rubble.com', '192.0.2.1'), a('quarry.rubble.com', '192.0.2.2')],
      'A spare.rubble.com': [a('spare.rubble.com', '192.0.2.3')],
    });
    expect(await directory(dns).found('rubble.com')).toBe('192.0.2.1:1912 192.0.2.2:1912 192.0.2.3:2912');
  });

  it('[3340 §3.1] [3340 §8.2] are at port 912 of the domain when there is no SRV record', async () => {
    const dns = await nameServer({ 'A rubble.com': [a('rubble.com', '192.0.2.7')] });
    expect(await directory(dns).found('rubble.com')).toBe('192.0.2.7:912');
  });

  it('do not exist where the one target is the root, though the domain has an address', async () => {
    const dns = await nameServer({
      [question]: [srv('rubble.com', '.', 0)],
      'A rubble.com': [a('rubble.com', '192.0.2.7')],
    });
    await expect(directory(dns).found('rubble.com')).rejects.toMatchObject({ replyCode: 550 });
  });

  it('do not exist where there is no such domain, and that is asked once a minute', async () => {
    const dns = await nameServer();
    const { found, clock } = directory(dns);
    await expect(found('rubble.com')).rejects.toMatchObject({ replyCode: 550 });
    const asked = dns.asked.length;
    await expect(found('rubble.com')).rejects.toMatchObject({ replyCode: 550 });
    expect(dns.asked).toHaveLength(asked);
    dns.zone.set('A rubble.com', [a('rubble.com', '192.0.2.7')]);
    clock.advance(60_000);
    expect(await found('rubble.com')).toBe('192.0.2.7:912');
  });

  it('are asked for again when they could not be reached', async () => {
    const dns = await nameServer({ [question]: [srv('rubble.com', '127.0.0.1', 1912)] });
    const { found, forget } = directory(dns);
    await found('rubble.com');
    dns.zone.set(question, [srv('rubble.com', '127.0.0.1', 2912)]);
    forget('rubble.com');
    expect(await found('rubble.com')).toBe('127.0.0.1:2912');
  });

  it('are asked for again after a minute', async () => {
    const dns = await nameServer({
      [question]: [srv('rubble.com', 'quarry.rubble.com', 1912)],
      'A quarry.rubble.com': [a('quarry.rubble.com', '192.0.2.1')],
    });
    const { found, clock } = directory(dns);
    expect(await found('rubble.com')).toBe('192.0.2.1:1912');
    dns.zone.set(question, [srv('rubble.com', 'quarry.rubble.com', 2912)]);
    expect(await found('rubble.com')).toBe('192.0.2.1:1912');
    clock.advance(60_000);
    expect(await found('rubble.com')).toBe('192.0.2.1:2912');
  });

  it('leave out a target that has no address, as long as another one has', async () => {
    const dns = await nameServer({
      [question]: [
        srv('rubble.com', 'gone.rubble.com', 1912),
        srv('rubble.com', 'quarry.rubble.com', 1913, { priority: 1 }),
      ],
      'A quarry.rubble.com': [a('quarry.rubble.com', '192.0.2.1')],
    });
    expect(await directory(dns).found('rubble.com')).toBe('192.0.2.1:1913');
  });

  it('may be tried again when the name server fails: that is no answer, and is not remembered', async () => {
    const dns = await nameServer({ [question]: 'SERVFAIL' });
    const { found } = directory(dns);
    await expect(found('rubble.com')).rejects.toMatchObject({ code: 'ESERVFAIL' });
    dns.zone.set(question, [srv('rubble.com', '127.0.0.1', 1912)]);
    expect(await found('rubble.com')).toBe('127.0.0.1:1912');
  });

  it('[3340 §3.1] of a domain literal are at the address in it and port 912, without a question', async () => {
    const dns = await nameServer();
    const { found } = directory(dns);
    expect(await found('[192.0.2.1]')).toBe('192.0.2.1:912');
    expect(await found('[ipv6:2001:db8::1]')).toBe('2001:db8::1:912');
    await expect(found('[tag:content]')).rejects.toMatchObject({ replyCode: 550 });
    expect(dns.asked).toEqual([]);
  });

  it('are those of the table, if it has some, whatever the DNS says', async () => {
    const dns = await nameServer({
      [question]: [srv('rubble.com', 'quarry.rubble.com', 1912)],
      'A relay.invalid': [a('relay.invalid', '192.0.2.9')],
    });
    const table = new Map([
      ['rubble.com', { host: '127.0.0.1', port: 4912 }],
      ['slate.com', { host: 'relay.invalid' }],
    ]);
    const { found } = directory(dns, { table });
    expect(await found('rubble.com')).toBe('127.0.0.1:4912');
    expect(await found('slate.com')).toBe('192.0.2.9:912');
    expect(dns.asked).toEqual(['A relay.invalid', 'AAAA relay.invalid']);
  });

  it('are those of the table alone when others are not to be looked for', async () => {
    const dns = await nameServer({ 'A rubble.com': [a('rubble.com', '192.0.2.7')] });
    await expect(directory(dns, { discovery: false }).found('rubble.com')).rejects.toMatchObject({
      replyCode: 550,
    });
    expect(dns.asked).toEqual([]);
  });

  it('are remembered for the latest thousand domains', async () => {
    const dns = await nameServer();
    const { found } = directory(dns);
    for (let index = 0; index <= 1000; index += 1) {
      await expect(found(`d${index}.invalid`)).rejects.toMatchObject({ replyCode: 550 });
    }
    const asked = dns.asked.length;
    await expect(found('d1000.invalid')).rejects.toMatchObject({ replyCode: 550 });
    expect(dns.asked).toHaveLength(asked);
    await expect(found('d0.invalid')).rejects.toMatchObject({ replyCode: 550 });
    expect(dns.asked.length).toBeGreaterThan(asked);
  }, 30_000);
});
