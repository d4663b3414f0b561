import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tlsProfile } from '../../../src/profile/tls/tls-profile.ts';
import { Wire } from '../../session/wire.ts';

it('[B11] hands over to TLS where a Vortex initiator begins it, and what it says there stays whole', () => {
  const recorded = readFileSync(new URL('../../fixtures/vortex/tls.c2s.bin', import.meta.url));
  const wire = new Wire({ profiles: [tlsProfile()] });
  // Its handshake follows the answer to its start, which has to have left.
  const handshake = recorded.lastIndexOf('END\r\n', recorded.indexOf('<ready />') + 60) + 'END\r\n'.length;
  expect(recorded[handshake]).toBe(0x16);
  wire.raw(recorded.subarray(0, handshake));
  expect(wire.messages().at(-1)).toContain('<![CDATA[<proceed />]]>');
  expect(wire.events.map(({ kind }) => kind)).toEqual(['greeting', 'tuned']);
  expect(wire.session.facts.serverName).toBe('localhost');
  expect(wire.raw(recorded.subarray(handshake))).toBe('paused');
});
