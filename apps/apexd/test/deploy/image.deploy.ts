import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { connect } from '@apex/client/tcp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copies, isIgnored, root, stages } from './dockerfile.ts';

/**
 * No container engine is needed: the steps of the first stage are taken in a folder, what they make is copied to where
 * the second stage has it, and its command is run there.
 */
const place = mkdtempSync(join(tmpdir(), 'apexd-image-'));
const image = join(place, 'opt/apexd');
let server: ChildProcess | undefined;

beforeAll(() => {
  const [build] = stages();
  const source = join(place, 'src');
  const made = join(place, 'made');
  const ignored = isIgnored();
  for (const { sources, to } of copies(build!)) {
    for (const each of sources) {
      const target = sources.length > 1 ? join(source, to, each) : join(source, to);
      cpSync(join(root, each), target, { recursive: true, filter: (path) => !ignored(relative(root, path)) });
    }
  }
  // npx has to find its pnpm as it would in a new image, not the workspace that runs this test.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_|NODE_|PNPM_|VITEST)/i.test(name) || /registry|cafile|proxy|EXTRA_CA/i.test(name),
    ),
  );
  for (const { name, text } of build!) {
    if (name !== 'RUN') continue;
    const command = text.replace(/ \/apexd$/, ` ${made}`);
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
      cwd: source,
      env,
      encoding: 'utf8',
    });
    expect(status, `${command}\n${stdout}${stderr}`).toBe(0);
  }
  mkdirSync(join(place, 'opt'));
  cpSync(made, image, { recursive: true, verbatimSymlinks: true });
  rmSync(source, { recursive: true });
  rmSync(made, { recursive: true });
}, 600_000);

afterAll(async () => {
  if (server !== undefined && server.exitCode === null) {
    server.kill('SIGKILL');
    await once(server, 'exit');
  }
  rmSync(place, { recursive: true, force: true });
});

/** What an instruction of the last stage runs, with the paths of this place. */
function commandOf(name: string): string[] {
  const { text } = stages()
    .at(-1)!
    .find((instruction) => instruction.name === name)!;
  return (JSON.parse(text.slice(text.indexOf('['))) as string[]).map((word) =>
    word.replace('/opt/apexd', image).replace('/etc/apexd', place),
  );
}

it('the image serves, says that it is healthy, and stops when it is told to', async () => {
  // What only builds and tests is not in it.
  for (const name of ['typescript', 'vitest', '@types'])
    expect(existsSync(join(image, 'node_modules', name))).toBe(false);
  const config = {
    domain: 'example.com',
    dataDir: 'data',
    edge: { host: '127.0.0.1', port: 0 },
    http: { port: 0 },
    auth: { requireTls: false, iterations: 4096 },
  };
  writeFileSync(join(place, 'apexd.yaml'), JSON.stringify(config));
  const [node = '', ...entry] = commandOf('ENTRYPOINT');
  expect(node).toBe('node');
  const run = (words: readonly string[], input = '') =>
    spawnSync(process.execPath, [...entry, ...words, '--config', join(place, 'apexd.yaml')], {
      input,
      encoding: 'utf8',
    });
  expect(run(['endpoint', 'add', 'fred@example.com'], 'pw\n')).toMatchObject({ status: 0, stderr: '' });

  server = spawn(process.execPath, [...entry, ...commandOf('CMD')], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const more of server.stdout!) {
    text += String(more);
    if (text.includes('WebSocket at ')) break;
  }
  const port = Number(/apexd serves example\.com on 127\.0\.0\.1:(\d+)/.exec(text)?.[1]);
  await using fred = await connect({
    host: '127.0.0.1',
    port,
    endpoint: 'fred@example.com',
    credentials: { password: 'pw' },
    requireTls: false,
  });
  await fred.presence.publish({
    tuples: [{ destination: 'mailto:fred@flintstone.com', availableUntil: '2525-12-31T23:59:59Z' }],
  });
  const exported = run(['presence', 'export', '-']);
  expect(exported).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('mailto:fred@flintstone.com'),
  });
  expect(run(['backup', join(place, 'backup.db')])).toMatchObject({ status: 0, stderr: '' });

  const [, ...check] = commandOf('HEALTHCHECK');
  const healthOf = (url: string) =>
    spawnSync(process.execPath, check, { env: { ...process.env, APEXD_READYZ: url } }).status;
  const http = /WebSocket at ws:\/\/([^/]+)/.exec(text)?.[1];
  expect(healthOf(`http://${http}/readyz`)).toBe(0);
  await fred.close();
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(healthOf(`http://${http}/readyz`)).toBe(1);
});
