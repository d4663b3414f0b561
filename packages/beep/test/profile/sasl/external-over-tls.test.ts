import { Authority, type Credentials } from '@apex/vitest/certificates';
import { expect, it, onTestFinished } from 'vitest';
import { drive } from '../../../src/driver.ts';
import type { Peer } from '../../../src/peer.ts';
import { externalClient, externalServer } from '../../../src/profile/sasl/external.ts';
import { saslProfileUri } from '../../../src/profile/sasl/mechanism.ts';
import { negotiate } from '../../../src/profile/sasl/negotiate.ts';
import { saslProfile } from '../../../src/profile/sasl/sasl-profile.ts';
import { tlsProfile } from '../../../src/profile/tls/tls-profile.ts';
import { connectTcp, listenTcp } from '../../../src/transport/tcp.ts';
import { tlsClient, tlsServer } from '../../../src/transport/tls.ts';

it('[3080 §4.1.3 rule 5] [3080 §4.1.3 rule 6] [B12] EXTERNAL is who the certificate of the client names', async () => {
  const authority = await Authority.create();
  const host = await authority.issue([{ type: 'dns', value: 'example.com' }]);
  const fred = await authority.issue([{ type: 'email', value: 'fred@example.com' }]);
  const accepted: Peer[] = [];
  const external = externalServer({ identify: ({ certificate }) => certificate?.mailAddresses[0] });
  const tls = tlsServer({ ...host, ca: authority.ca });
  const tcp = await listenTcp({
    host: '127.0.0.1',
    port: 0,
    onTransport: (transport) => {
      const profiles = [tlsProfile(), saslProfile(external)];
      accepted.push(drive(transport, { role: 'listener', profiles, negotiate: tls.negotiate }));
    },
  });
  onTestFinished(() => tcp.close());
  const connect = async (shown: Partial<Credentials>): Promise<Peer> => {
    const transport = await connectTcp({ host: '127.0.0.1', port: tcp.port });
    const peer = drive(transport, { role: 'initiator', profiles: [] });
    onTestFinished(() => peer.abort(new Error('the test is over')));
    expect((await peer.greeting).profiles).not.toContain(saslProfileUri('EXTERNAL'));
    await peer.secure(tlsClient({ names: [], ca: authority.ca, ...shown }), 'example.com');
    return peer;
  };

  const known = await connect(fred);
  expect(await negotiate(known, [externalClient()])).toBe('EXTERNAL');
  expect(accepted[0]!.facts.identity).toEqual({ mechanism: 'EXTERNAL', authorization: 'fred@example.com' });

  const other = await connect(fred);
  await expect(negotiate(other, [externalClient('wilma@example.com')])).rejects.toMatchObject({
    replyCode: 535,
  });

  const nobody = await connect({});
  await expect(negotiate(nobody, [externalClient()])).rejects.toMatchObject({ code: 'sasl.mechanism' });
  expect(accepted.slice(1).map(({ facts }) => facts.identity)).toEqual([undefined, undefined]);
});
