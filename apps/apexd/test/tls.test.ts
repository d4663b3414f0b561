import { X509Certificate } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApexClient, connect, type TlsOptions } from '@apex/client/tcp';
import { expect, it } from 'vitest';
import { Home } from './server-app.ts';

const fred = 'fred@example.com';

/** A home with a certificate that `apexd` has made, and fred. */
async function home(workers: readonly string[] = []) {
  const at = new Home({ auth: { iterations: 4096 }, tls: { cert: 'cert.pem', key: 'key.pem' } });
  const made = await selfSigned(at);
  expect(made).toMatchObject({ code: 0 });
  await at.run('endpoint import', `${fred},pw\n`);
  const serve = () => at.serve(['serve', '--config', at.config, ...workers]);
  const ca = () => readFileSync(join(at.folder, 'cert.pem'), 'utf8');
  return { at, serve, ca, made };
}

function selfSigned(at: Home, ...words: readonly string[]) {
  const files = ['--cert', join(at.folder, 'cert.pem'), '--key', join(at.folder, 'key.pem')];
  return at.spawn(['tls', 'self-signed', '--domain', 'example.com', ...files, ...words]).outcome;
}

let applications = 0;

/** As an application of fred's of its own. */
function attach(port: number, tls: TlsOptions): Promise<ApexClient> {
  applications += 1;
  const endpoint = `fred/${applications}@example.com`;
  return connect({ host: '127.0.0.1', port, endpoint, credentials: { password: 'pw' }, tls });
}

it.each([
  ['alone', []],
  ['with workers', ['--workers', '2']],
] as const)(
  '[B12] serves protected sessions only, with two lines of configuration: %s',
  async (_, workers) => {
    const { serve, ca, made } = await home(workers);
    const server = await serve();
    const byRoot = await attach(server.port, { ca: ca() });
    expect((await byRoot.presence.fetch(fred)).publisher).toBe(fred);
    await byRoot.close();
    const fingerprint = /^fingerprint ([0-9a-f]{64})$/m.exec(made.stdout)?.[1];
    expect(new X509Certificate(ca()).fingerprint256.replaceAll(':', '').toLowerCase()).toBe(fingerprint);
    await (await attach(server.port, { fingerprint: fingerprint ?? '' })).close();
    const unprotected = connect({
      host: '127.0.0.1',
      port: server.port,
      endpoint: fred,
      credentials: { password: 'pw' },
      requireTls: false,
    });
    await expect(unprotected).rejects.toMatchObject({
      code: 'client.usage',
      message: expect.stringContaining('the server takes protected sessions only; ask for TLS'),
    });
    expect(await server.stop()).toMatchObject({ code: 0 });
  },
);

it.each([
  ['alone', []],
  ['with workers', ['--workers', '2']],
] as const)('shows a renewed certificate after SIGHUP, and drops no session: %s', async (_, workers) => {
  const { at, serve, ca } = await home(workers);
  const server = await serve();
  const before = ca();
  const client = await attach(server.port, { ca: before });
  for (const name of ['cert.pem', 'key.pem']) rmSync(join(at.folder, name));
  await selfSigned(at);
  server.kill('SIGHUP');
  await server.logged('reloaded.tls');
  // An edge takes the new one a moment later than the log tells.
  await expect
    .poll(() =>
      attach(server.port, { ca: ca() }).then(
        (renewed) => renewed.close().then(() => 'renewed'),
        () => 'not yet',
      ),
    )
    .toBe('renewed');
  await expect(attach(server.port, { ca: before })).rejects.toMatchObject({ code: 'client.lost' });
  expect((await client.presence.fetch(fred)).publisher).toBe(fred);
  writeFileSync(join(at.folder, 'key.pem'), 'nonsense');
  server.kill('SIGHUP');
  expect(await server.logged('reload.failed')).toMatchObject({
    error: expect.stringMatching(
      /^tls\.key: .*key\.pem holds no key in PEM without a passphrase; name a file that does$/,
    ),
  });
  await (await attach(server.port, { ca: ca() })).close();
  await client.close();
});

it('says in one line what is wrong with the files', async () => {
  const { at } = await home();
  expect(await selfSigned(at)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^apexd: .*cert\.pem is there already.*\n$/),
  });
  expect(await selfSigned(at, '--days', '0')).toMatchObject({ code: 2 });
  expect(statSync(join(at.folder, 'key.pem')).mode & 0o777).toBe(0o600);
  writeFileSync(join(at.folder, 'key.pem'), 'nonsense');
  const failed = await at.run('serve');
  expect(failed).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^apexd: tls\.key: .*key\.pem holds no key in PEM without a passphrase; .*\n$/,
    ),
  });
  rmSync(join(at.folder, 'key.pem'));
  expect(await at.run('serve')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^apexd: tls\.key: cannot read .*key\.pem: ENOENT.*\n$/),
  });
  expect(await at.run('check')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^apexd: tls\.key: cannot read .*key\.pem: ENOENT.*\n$/),
  });
  at.configure({ tls: { cert: 'cert.pem' } });
  expect(await at.run('check')).toMatchObject({ code: 1, stderr: expect.stringContaining('tls.key') });
});
