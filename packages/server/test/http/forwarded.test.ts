import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { isLocal, peerOf } from '../../src/http/forwarded.ts';

const from = (headers: IncomingMessage['headers'], encrypted = false, remoteAddress = '192.0.2.1') => {
  const socket = { remoteAddress, remotePort: 4711, ...(encrypted && { encrypted }) };
  return { headers, socket: socket as unknown as IncomingMessage['socket'] };
};

describe('who has sent a request', () => {
  const forged = { 'x-forwarded-for': '198.51.100.7', 'x-forwarded-proto': 'https' };

  it('is who has connected, whatever the fields say, without a proxy that is trusted', () => {
    expect(peerOf(from(forged), false)).toEqual({ remoteAddress: '192.0.2.1:4711', secured: false });
    expect(peerOf(from({}, true, '2001:db8::1'), false)).toEqual({
      remoteAddress: '[2001:db8::1]:4711',
      secured: true,
    });
  });

  it.each([
    [{}, '192.0.2.1:4711', false],
    [forged, '198.51.100.7:0', true],
    [{ 'x-forwarded-for': '2001:db8::7' }, '[2001:db8::7]:0', false],
    // What stands before the last one is what the peer has written.
    [{ 'x-forwarded-for': '203.0.113.1, 198.51.100.7' }, '198.51.100.7:0', false],
    [{ 'x-forwarded-proto': 'https, http' }, '192.0.2.1:4711', false],
    [{ 'x-forwarded-for': 'nobody\r\n', 'x-forwarded-proto': 'HTTPS' }, '192.0.2.1:4711', true],
    [{ 'x-forwarded-for': '198.51.100.7,' }, '192.0.2.1:4711', false],
  ])('is who the proxy says: %j', (headers, remoteAddress, secured) => {
    expect(peerOf(from(headers), true)).toEqual({ remoteAddress, secured });
  });
});

describe('a program on this machine', () => {
  const local = (headers: IncomingMessage['headers'], remoteAddress: string, trustProxy = false) =>
    isLocal(from(headers, false, remoteAddress), trustProxy);
  const host = 'localhost:9180';

  it.each([
    [{ host }, '127.0.0.1'],
    [{ host: '127.0.0.1:9180' }, '127.0.0.1'],
    [{ host: '[::1]:9180' }, '::1'],
    [{ host }, '::ffff:127.0.0.1'],
    [{ host: '127.8.9.1' }, '127.0.0.2'],
  ])('asks for a loopback address from one: %j from %s', (headers, address) => {
    expect(local(headers, address)).toBe(true);
    expect(local(headers, address, true)).toBe(true);
  });

  it.each([
    [{ host }, '192.0.2.1'],
    [{ host }, '::ffff:192.0.2.1'],
    [{ host }, '2001:db8::1'],
    // By a name that leads here (DNS rebinding), or by none.
    [{ host: 'evil.example:9180' }, '127.0.0.1'],
    [{ host: '127.0.0.1.evil.example' }, '127.0.0.1'],
    [{ host: '127.evil' }, '127.0.0.1'],
    [{ host: 'localhost@evil.example' }, '127.0.0.1'],
    [{}, '127.0.0.1'],
    // Brought by a proxy, which says for whom or does not.
    [{ host, 'x-forwarded-for': '127.0.0.1' }, '127.0.0.1'],
    [{ host, 'x-forwarded-proto': 'https' }, '127.0.0.1'],
    [{ host, 'x-real-ip': '127.0.0.1' }, '127.0.0.1'],
    [{ host, forwarded: 'for=127.0.0.1' }, '127.0.0.1'],
    [{ host, via: '1.1 proxy' }, '127.0.0.1'],
  ])('does not: %j from %s', (headers, address) => {
    expect(local(headers, address)).toBe(false);
  });

  it('is whom a proxy names that is trusted, and nobody where that names none', () => {
    const named = 'example.com';
    expect(local({ host: named, 'x-forwarded-for': '198.51.100.7, 127.0.0.1' }, '192.0.2.1', true)).toBe(
      true,
    );
    expect(local({ host: named, 'x-forwarded-for': '127.0.0.1, 198.51.100.7' }, '127.0.0.1', true)).toBe(
      false,
    );
    expect(local({ host, via: '1.1 proxy' }, '127.0.0.1', true)).toBe(false);
  });
});
