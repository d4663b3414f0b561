import { X509Certificate } from 'node:crypto';
import { authenticate, drive, externalClient, scramClient } from '@apex/beep';
import { connectTcp } from '@apex/beep/tcp';
import { tlsClient } from '@apex/beep/tls';
import { APEX_PROFILE_URI, ApexChannel } from '@apex/protocol';
import { Authority } from '@apex/vitest/certificates';
import { nameServer } from '@apex/vitest/name-server';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Attached, host, placedHouse, secret, statusRequest } from './house.ts';

const authority = await Authority.create();
const stranger = await Authority.create();

const dnsNames = (names: readonly string[]) => names.map((value) => ({ type: 'dns', value }) as const);

/** Servers of both domains that take TLS from relays; endpoints need none, so that the test can speak to them. */
async function couple(
  of: {
    readonly exampleNames?: readonly string[];
    readonly rubbleNames?: readonly string[];
    readonly rubbleBy?: Authority;
    readonly isPinned?: boolean;
    readonly withSecret?: boolean;
  } = {},
) {
  const dns = await nameServer();
  const { ca } = authority;
  const shared = of.withSecret === true ? { secret } : {};
  const rubbleTls = await (of.rubbleBy ?? authority).issue(dnsNames(of.rubbleNames ?? ['rubble.com']));
  const fingerprint = of.isPinned === true ? new X509Certificate(rubbleTls.cert).fingerprint256 : undefined;
  const example = await placedHouse(
    dns,
    'example.com',
    {
      requireTls: true,
      ca,
      waitMs: 5000,
      peers: { 'rubble.com': { fingerprint, ...shared } },
    },
    ['fred'],
    { tls: await authority.issue(dnsNames(of.exampleNames ?? ['example.com'])) },
  );
  const rubble = await placedHouse(
    dns,
    'rubble.com',
    {
      requireTls: true,
      ca,
      peers: { 'example.com': shared },
    },
    ['wilma'],
    { tls: rubbleTls },
  );
  const fred = await Attached.as('fred@example.com', example.address.port);
  const wilma = await Attached.as('wilma@rubble.com', rubble.address.port);
  return { example, rubble, fred, wilma };
}

describe('relays with certificates', () => {
  it('[3340 §4.5.2] prove by them who they are, both of them', async () => {
    const { example, rubble, fred, wilma } = await couple();
    await fred.send('wilma@rubble.com');
    await wilma.until(1);
    await wilma.send('fred@example.com');
    await fred.until(1);
    expect(await rubble.told('auth.succeeded')).toMatchObject({ mechanism: 'PLAIN' });
    expect(rubble.events).toContainEqual(
      expect.objectContaining({ name: 'auth.succeeded', mechanism: 'EXTERNAL', identity: 'example.com' }),
    );
    expect(example.mesh?.counters.dialled).toBe(1);
  });

  it('share a secret under TLS, if they have one', async () => {
    const { rubble, fred, wilma } = await couple({ withSecret: true });
    await fred.send('wilma@rubble.com');
    await wilma.until(1);
    expect(rubble.events).toContainEqual(
      expect.objectContaining({
        name: 'auth.succeeded',
        mechanism: 'SCRAM-SHA-256',
        identity: 'example.com',
      }),
    );
  });

  it('say nothing to a relay whose certificate is for another name', async () => {
    const { rubble, fred } = await couple({ rubbleNames: ['slate.com'] });
    await fred.send('wilma@rubble.com', { options: statusRequest(1, 'this') });
    await fred.until(1);
    expect(fred.reports()).toEqual(['1 wilma@rubble.com 550']);
    expect(rubble.events.filter(({ name }) => name === 'mesh.bound')).toEqual([]);
  });

  it('say nothing to a relay whose certificate is issued by somebody else, unless it is the one that is named', async () => {
    const { rubble, fred } = await couple({ rubbleBy: stranger });
    await fred.send('wilma@rubble.com', { options: statusRequest(1, 'this') });
    await fred.until(1);
    expect(fred.reports()).toEqual(['1 wilma@rubble.com 550']);
    expect(rubble.mesh?.peers()).toEqual([]);
    const pinned = await couple({ rubbleBy: stranger, isPinned: true });
    await pinned.fred.send('wilma@rubble.com');
    await pinned.wilma.until(1);
  });

  it('do not act for a domain that their certificate does not name', async () => {
    const { example, fred } = await couple({ exampleNames: ['other.com', '*.example.com'] });
    await fred.send('wilma@rubble.com', { options: statusRequest(1, 'this') });
    await fred.until(1);
    expect(fred.reports()).toEqual(['1 wilma@rubble.com 535']);
    expect(example.mesh?.peers()).toMatchObject([{ sessions: 0 }]);
  });

  it('[3340 §2.1] bind for each domain that their certificate names', async () => {
    const { rubble } = await couple();
    const port = rubble.mesh?.address?.port ?? 0;
    const { cert, key } = await authority.issue(dnsNames(['slate.com', 'quarry.com']));
    const peer = drive(await connectTcp({ host, port }), { role: 'initiator', profiles: [] });
    onTestFinished(() => peer.abort(new Error('the test is over')));
    await peer.secure(tlsClient({ names: [], ca: authority.ca, cert, key }), 'rubble.com');
    await authenticate(peer, externalClient('quarry.com'));
    const apex = new ApexChannel(() => ({ closed: () => {} }));
    const { channel } = await peer.startChannel({ profiles: [{ uri: APEX_PROFILE_URI }], handler: apex });
    apex.open(channel);
    const answers = await Promise.all(
      ['quarry.com', 'slate.com', 'example.com'].map(
        (relay, index) =>
          new Promise((resolve) =>
            apex.bind({ kind: 'bind', relay, transID: index + 1, options: [] }, resolve),
          ),
      ),
    );
    expect(answers).toMatchObject([undefined, undefined, { replyCode: 537 }]);
  });

  it('[3080 §9] offer nothing but TLS before it', async () => {
    const { rubble } = await couple({ withSecret: true });
    const port = rubble.mesh?.address?.port ?? 0;
    const peer = drive(await connectTcp({ host, port }), { role: 'initiator', profiles: [] });
    onTestFinished(() => peer.abort(new Error('the test is over')));
    expect((await peer.greeting).profiles).toEqual(['http://iana.org/beep/TLS']);
    const scram = scramClient({ hash: 'SHA-256', authentication: 'example.com', password: secret });
    await expect(authenticate(peer, scram)).rejects.toMatchObject({ replyCode: 550 });
    await vi.waitFor(() => expect(rubble.mesh?.sessions).toBe(1));
  });
});
