import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Credentials, connect } from '@apex/client/tcp';
import { expect, it } from 'vitest';
import { Home } from './server-app.ts';

it.each([
  ['alone', []],
  ['with workers', ['--workers', '2']],
])(
  'writes who authenticated and who changed access to its log, and no password, token or content: %s',
  async (_, workers) => {
    const home = new Home({
      log: { level: 'debug' },
      auth: {
        requireTls: false,
        iterations: 4096,
        mechanisms: ['SCRAM-SHA-256', 'PLAIN', 'OAUTHBEARER'],
        oauth: { jwks: 'jwks.json', issuer: 'https://login.example.com/', audience: 'apex' },
      },
    });
    writeFileSync(join(home.folder, 'jwks.json'), JSON.stringify({ keys: [] }));
    const token = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJmcmVkIn0.c2lnbmF0dXJl';
    const [text, place] = ['meet me at the quarry', 'tel:+1-555-0123'];
    const [added, changed, imported, wrong] = [
      'Yabba-1-dabba',
      'Yabba-2-dabba',
      'Yabba-3-dabba',
      'Yabba-4-dabba',
    ];
    await home.run('endpoint add fred@example.com', `${added}\n`);
    const server = await home.serve(['serve', '--config', home.config, ...workers]);
    await home.run('endpoint passwd fred@example.com', `${changed}\n`);
    await home.run('endpoint import', `wilma@example.com,${imported}\n`);
    const attach = (credentials: Credentials): ReturnType<typeof connect> =>
      connect({
        host: '127.0.0.1',
        port: server.port,
        endpoint: 'fred@example.com',
        credentials,
        requireTls: false,
      });
    await expect(attach({ password: wrong })).rejects.toMatchObject({ replyCode: 535 });
    await expect(attach({ token })).rejects.toMatchObject({ replyCode: 535 });
    const fred = await attach({ password: changed });
    const entry = { actor: 'wilma@example.com', actions: 'core:data' };
    await fred.access.set(entry.actor, ['core:data']);
    await fred.presence.publish({ tuples: [{ destination: place, availableUntil: '2030-01-01T00:00:00Z' }] });
    await fred.send('fred@example.com', { text });
    // What services refuse is logged, without what it was.
    await fred.send('apex=presence@example.com', { xml: `<frobnicate secret='${text}' />` });
    await fred.close();
    const refused = await home.run('endpoint add wilma@example.com', `${wrong}\n`);
    expect(refused).toMatchObject({ code: 1, stderr: expect.not.stringContaining(wrong) });

    const whileServing = home.octets();
    const { code, stderr } = await server.stop();
    expect(code).toBe(0);
    const audit = stderr
      .split('\n')
      .filter((line) => /"event":"(auth|access)\./.test(line))
      .map((line) => JSON.parse(line));
    expect(audit).toMatchObject([
      { event: 'auth.failed', identity: 'fred@example.com', mechanism: 'SCRAM-SHA-256' },
      { event: 'auth.failed', mechanism: 'OAUTHBEARER' },
      { event: 'auth.succeeded', identity: 'fred@example.com', mechanism: 'SCRAM-SHA-256' },
      { event: 'access.changed', owner: 'fred@example.com', by: 'fred@example.com', ...entry },
    ]);
    const written = Buffer.concat([whileServing, home.octets(), Buffer.from(stderr)]);
    // What is looked for would be found: names are in clear.
    expect(written.includes('wilma@example.com')).toBe(true);
    // The store has entries and what it holds for endpoints; the log has neither.
    expect(stderr).toContain('"event":"service.');
    for (const secret of [text, place, token]) expect(stderr).not.toContain(secret);
    expect(written.includes(token)).toBe(false);
    for (const password of [added, changed, imported, wrong]) {
      const blob = Buffer.from(`\0fred@example.com\0${password}`).toString('base64');
      expect([password, written.includes(password), written.includes(blob)]).toEqual([
        password,
        false,
        false,
      ]);
    }
  },
);
