import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { promisify } from 'node:util';

const workspace = join(import.meta.dirname, '../../..');
const run = promisify(execFile);

export interface Packed {
  readonly name: string;
  /** The file that would be published. */
  readonly tarball: string;
}

/** Where each package that is published stands. */
const folders = globSync('{packages,apps}/*/package.json', { cwd: workspace })
  .map((manifest) => join(workspace, manifest, '..'))
  .filter((folder) => manifestOf(folder).private !== true);

/** What users of the packages have: a folder with a project of their own, in which the tarballs are installed. */
export class Consumer implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'apex-packed-'));
  readonly packed: readonly Packed[];

  private constructor(packed: readonly Packed[]) {
    this.packed = packed;
  }

  /** Packs all packages, which have been built, and installs them and what they depend on. */
  static async create(): Promise<Consumer> {
    const packed: Packed[] = [];
    const consumer = new Consumer(packed);
    const tarballs = join(consumer.folder, 'tarballs');
    for (const folder of folders) {
      const { name, version } = manifestOf(folder);
      const args = ['-y', 'pnpm@12.21.0', 'pack', '--pack-destination', tarballs];
      await run('npx', args, { cwd: folder });
      const file = `${name.slice(1).replace('/', '-')}-${version}.tgz`;
      packed.push({ name, tarball: join(tarballs, file) });
    }
    const project = join(consumer.folder, 'project');
    cpSync(join(import.meta.dirname, 'fixtures/consumer'), project, { recursive: true });
    // What is not on the registry yet is found beside the project, by those who depend on it too.
    const own = Object.fromEntries(packed.map(({ name, tarball }) => [name, `file:${tarball}`]));
    const { devDependencies } = manifestOf(join(import.meta.dirname, '..'));
    const others = Object.fromEntries(
      ['@types/node', '@types/react', 'react', 'react-dom'].map((name) => [name, devDependencies[name]]),
    );
    const manifest = { name: 'consumer', private: true, type: 'module', dependencies: { ...own, ...others } };
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: project });
    return consumer;
  }

  get project(): string {
    return join(this.folder, 'project');
  }

  /** Runs a tool in the project; rejects with what it printed when it fails. */
  async run(command: string, args: readonly string[]): Promise<string> {
    try {
      const { stdout } = await run(command, args, { cwd: this.project });
      return stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
    }
  }

  /** Starts a program of the project; its input ends it. */
  start(...args: readonly string[]): Started {
    const child = spawn(process.execPath, args, {
      cwd: this.project,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    return {
      lines: createInterface({ input: child.stdout }),
      async end() {
        child.stdin.end();
        const [code] = (await once(child, 'close')) as [number | null];
        return code;
      },
      async [Symbol.asyncDispose]() {
        if (child.exitCode !== null || child.signalCode !== null) return;
        child.kill('SIGKILL');
        await once(child, 'close');
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Started extends AsyncDisposable {
  readonly lines: Interface;
  /** Ends its input; resolves with its exit code. */
  end(): Promise<number | null>;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
}
