import { connect } from '@apex/client/tcp';
import { expect, it } from 'vitest';
import { Home } from './server-app.ts';

it.each([
  ['alone', []],
  ['with workers', ['--workers', '2']],
])(
  'writes who authenticated and who changed access to its log, and no password anywhere, right or wrong: %s',
  async (_, workers) => {
    const home = new Home({ log: { level: 'debug' } });
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
    const attach = (password: string): ReturnType<typeof connect> =>
      connect({
        host: '127.0.0.1',
        port: server.port,
        endpoint: 'fred@example.com',
        credentials: { password },
        requireTls: false,
      });
    await expect(attach(wrong)).rejects.toMatchObject({ replyCode: 535 });
    const fred = await attach(changed);
    const entry = { actor: 'wilma@example.com', actions: 'core:data' };
    await fred.access.set(entry.actor, ['core:data']);
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
      { event: 'auth.succeeded', identity: 'fred@example.com', mechanism: 'SCRAM-SHA-256' },
      { event: 'access.changed', owner: 'fred@example.com', by: 'fred@example.com', ...entry },
    ]);
    const written = Buffer.concat([whileServing, home.octets(), Buffer.from(stderr)]);
    // What is looked for would be found: names are in clear.
    expect(written.includes('wilma@example.com')).toBe(true);
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
