import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { peerOf } from '../../src/http/forwarded.ts';

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
