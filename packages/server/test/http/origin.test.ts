import { describe, expect, it } from 'vitest';
import { isAllowedOrigin, originOf } from '../../src/http/origin.ts';

describe('the origin of a page', () => {
  it.each([
    [undefined, 'example.com', false, true],
    ['http://example.com', 'example.com', false, true],
    ['http://EXAMPLE.com:80', 'example.com', false, true],
    ['https://example.com', 'example.com:443', true, true],
    ['http://127.0.0.1:9180', '127.0.0.1:9180', false, true],
    ['http://[::1]:9180', '[::1]:9180', false, true],
    ['https://example.com', 'example.com', false, false],
    ['http://example.com', 'example.com', true, false],
    ['http://example.com:8080', 'example.com', false, false],
    ['http://evil.example', 'example.com', false, false],
    ['http://example.com.evil.example', 'example.com', false, false],
    ['null', 'example.com', false, false],
    ['', 'example.com', false, false],
    ['http://example.com', undefined, false, false],
    ['http://undefined', undefined, false, false],
    ['http://example.com', 'example.com/x', false, false],
    ['http://example.com', 'user@example.com', false, false],
  ])('%s at the host %s, protected: %s, is of this server: %s', (origin, host, secured, allowed) => {
    expect(isAllowedOrigin({ origin, host }, secured, undefined)).toBe(allowed);
  });

  it('is one of the list, where there is a list, and no other', () => {
    const list = ['https://example.com', 'https://app.example.com:8443/'];
    const at = (origin: string) => isAllowedOrigin({ origin, host: 'relay.example.com' }, true, list);
    expect(at('https://example.com')).toBe(true);
    expect(at('https://relay.example.com')).toBe(false);
    // A list is of origins, not of addresses.
    expect(at('https://app.example.com:8443')).toBe(false);
    expect(originOf('https://app.example.com:8443/')).toBeUndefined();
  });
});
