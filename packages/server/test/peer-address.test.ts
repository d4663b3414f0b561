import { describe, expect, it } from 'vitest';
import { limitedAddress } from '../src/peer-address.ts';

describe('the address by which peers are limited', () => {
  it.each([
    ['192.0.2.7:4711', '192.0.2.7'],
    ['[::ffff:192.0.2.7]:4711', '192.0.2.7'],
    ['[2001:db8:1:2:3:4:5:6]:4711', '2001:db8:1:2::/64'],
    ['[2001:db8::6]:4711', '2001:db8:0:0::/64'],
    ['[2001:db8:1:2::6]:4711', '2001:db8:1:2::/64'],
    ['[2001:DB8:1:2:ffff::]:4711', '2001:db8:1:2::/64'],
    ['[fe80::1%eth0]:4711', 'fe80:0:0:0::/64'],
    ['[::]:4711', '0:0:0:0::/64'],
  ])('of %s is %s', (remoteAddress, address) => {
    expect(limitedAddress(remoteAddress)).toBe(address);
  });

  it.each(['127.0.0.1:1', '127.255.0.9:1', '[::1]:1', '[::ffff:127.0.0.1]:1', 'memory:0', '', ':0'])(
    'is none for %j, on this machine',
    (remoteAddress) => {
      expect(limitedAddress(remoteAddress)).toBeUndefined();
    },
  );
});
