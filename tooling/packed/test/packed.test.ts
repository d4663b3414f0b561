import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasBrowser, openBrowser } from '@apex/vitest/browser';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Consumer } from './consumer.ts';

const run = promisify(execFile);
const bin = (name: string): string => join(import.meta.dirname, '../node_modules/.bin', name);

let consumer: Consumer;

beforeAll(async () => {
  consumer = await Consumer.create();
});
afterAll(() => consumer[Symbol.asyncDispose]());

const libraries = ['@apex/beep', '@apex/protocol', '@apex/server', '@apex/client'];
const apps = ['@apex/apexd', '@apex/apex', '@apex/console'];
const tarballOf = (name: string): string => consumer.packed.find((packed) => packed.name === name)!.tarball;

describe('what is published', () => {
  it('is the libraries and the apps', () => {
    const names = consumer.packed.map(({ name }) => name);
    expect(names.toSorted()).toEqual([...libraries, ...apps].toSorted());
  });

  it('has a licence, a README, what was built, no test and nothing of the workspace', async () => {
    for (const { tarball } of consumer.packed) {
      const { stdout: files } = await run('tar', ['-tzf', tarball]);
      expect(files).toMatch(/^package\/LICENSE$/m);
      expect(files).toMatch(/^package\/README\.md$/m);
      expect(files).toMatch(/^package\/dist\/.*\.js$/m);
      expect(files).not.toMatch(/^package\/(test|node_modules)\//m);
      const { stdout: manifest } = await run('tar', ['-xzOf', tarball, 'package/package.json']);
      expect(manifest).not.toContain('workspace:');
    }
  });

  it('passes publint', async () => {
    for (const { name, tarball } of consumer.packed) {
      const octets = readFileSync(tarball);
      const { messages, pkg } = await publint({
        pack: { tarball: octets.buffer.slice(octets.byteOffset, octets.byteOffset + octets.length) },
        strict: true,
      });
      expect({
        name,
        messages: messages.map((message) => formatMessage(message, pkg, { color: false })),
      }).toEqual({
        name,
        messages: [],
      });
    }
  });

  // ESM only: `require` of it is not supported, which is said by `engines` and the READMEs.
  it.each(libraries)('has types that fit what is run: %s', async (name) => {
    const args = [tarballOf(name), '--profile', 'esm-only', '--no-color', '--format', 'ascii'];
    await consumer.run(bin('attw'), args);
  });
});

describe('in an empty project', () => {
  it('works from plain JavaScript', async () => {
    await using program = consumer.start('converse.js');
    const lines: string[] = [];
    for await (const line of program.lines) {
      lines.push(line);
      if (line.startsWith('ws:')) break;
    }
    expect(lines[0]).toBe('wilma sees mailto:fred@example.com');
    expect(await program.end()).toBe(0);
  });

  it.each([
    ['node16', { module: 'node16', moduleResolution: 'node16' }],
    ['bundler', { module: 'preserve', moduleResolution: 'bundler' }],
  ])('has types for TypeScript with %s resolution', async (name, resolution) => {
    const config = {
      compilerOptions: {
        ...resolution,
        target: 'es2022',
        lib: ['es2023', 'esnext.disposable', 'dom'],
        types: ['node'],
        strict: true,
        noEmit: true,
        // What the packages declare is read too.
        skipLibCheck: false,
      },
      files: ['types.ts'],
    };
    writeFileSync(join(consumer.project, `tsconfig.${name}.json`), JSON.stringify(config));
    await consumer.run(bin('tsc'), ['-p', `tsconfig.${name}.json`]);
  });

  it('installs the apps', async () => {
    const command = (name: string): string => join(consumer.project, 'node_modules/.bin', name);
    expect(await consumer.run(command('apex'), ['--help'])).toContain('subscribe');
    await using server = consumer.start(command('apexd'), 'serve', '--data', 'demo', '--port', '0');
    for await (const line of server.lines) {
      if (line.startsWith('Ctrl-C')) return;
    }
    expect.unreachable('it ended before it served');
  });

  describe('with Vite', () => {
    beforeAll(async () => {
      await build({
        root: consumer.project,
        configFile: false,
        logLevel: 'error',
        build: { target: 'esnext' },
      });
    });

    it.skipIf(!hasBrowser)('makes a page that subscribes', async () => {
      await using page = await serve(join(consumer.project, 'dist'));
      await using program = consumer.start('converse.js', page.origin);
      for await (const url of program.lines) {
        if (!url.startsWith('ws:')) continue;
        await using visitor = await openBrowser();
        await visitor.page.goto(`${page.origin}/#${new URLSearchParams({ url })}`);
        await visitor.page.getByText('sees mailto:fred@example.com').waitFor();
        expect(visitor.errors).toEqual([]);
        break;
      }
      expect(await program.end()).toBe(0);
    });
  });
});

/** The built page on loopback. */
async function serve(folder: string): Promise<AsyncDisposable & { readonly origin: string }> {
  const server = createServer(({ url = '/' }, response) => {
    const isScript = url.endsWith('.js');
    response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
    response.end(readFileSync(join(folder, isScript ? url : 'index.html')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
