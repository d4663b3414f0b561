import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { targets } from '../src/targets/index.ts';

/** Each, in minutes. */
const MINUTES = '0.15';

it.each(targets.map(({ name }) => name))('%s: some seconds of inputs find nothing', async (name) => {
  const flags = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];
  const main = join(import.meta.dirname, '../src/main.ts');
  const child = spawn(
    process.execPath,
    [...flags, '--conditions=@apex/source', main, '--target', name, '--minutes', MINUTES],
    { cwd: join(import.meta.dirname, '../../..'), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const status = await new Promise((resolve) => child.on('close', resolve));
  // A finding says in it how to repeat it.
  expect(status, output).toBe(0);
});
