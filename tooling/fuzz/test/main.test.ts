import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

/** As `npm run fuzz` runs it. */
function fuzz(...given: readonly string[]) {
  const flags = ['--experimental-strip-types', '--disable-warning=ExperimentalWarning'];
  const main = join(import.meta.dirname, '../src/main.ts');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, '--conditions=@apex/source', main, ...given],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}

describe('npm run fuzz', () => {
  it('tries a target for its time, guided by what it reaches, and tells so', () => {
    const { status, stdout, stderr } = fuzz('--target', 'names', '--minutes', '0.01', '--seed', '5');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^names: endpoints.*; seed 5\n/);
    expect(stdout).toMatch(/names: \d+ s, \d+ executions \(\d+\/s\), corpus \d+, coverage [\d.]+ %/);
    expect(status).toBe(0);
  });

  it('tries one input that was a finding', () => {
    const folder = mkdtempSync(join(tmpdir(), 'apex-fuzz-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'input');
    writeFileSync(file, '<a/>');
    expect(fuzz('--target', 'xml', '--repeat', file)).toEqual({
      status: 0,
      stdout: 'xml: nothing was found\n',
      stderr: '',
    });
  });

  it.each([
    [['--minutes', '0'], '--minutes: expected a number above 0'],
    [['--target', 'xml', '--repeat', 'no/such/file'], '--repeat: no/such/file cannot be read'],
  ])('%j is answered with one line that says what is wrong, and exit code 2', (given, problem) => {
    const { status, stdout, stderr } = fuzz(...given);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^fuzz: [^\n]+\n$/);
    expect(stderr).toContain(problem);
  });
});
