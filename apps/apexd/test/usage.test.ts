import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Home, type Outcome } from './server-app.ts';

/** Ended with this code, having said one line, on standard error only. */
function refused(code: 1 | 2, line: RegExp): object {
  expect(line.source).toMatch(/^\^apexd: .*\\n\$$/);
  return { code, signal: null, stdout: '', stderr: expect.stringMatching(line) };
}

describe('the command line', () => {
  it.each([
    [[], /^apexd: name a command .*\n$/],
    [['endpoint'], /^apexd: name a command .*\n$/],
    [['nonsense'], /^apexd: unknown command 'nonsense' .*\n$/],
    [['endpoint', 'add', '--config', 'apexd.yaml'], /^apexd: missing required argument 'endpoint' .*\n$/],
    [['endpoint', 'list'], /^apexd: required option '--config <file>' not specified .*\n$/],
    [['serve', '--nonsense'], /^apexd: unknown option '--nonsense' .*\n$/],
    [['serve', '--port', 'x'], /^apexd: --port x: expected a number from 0 to 65535\n$/],
    [['serve', '--workers', '0'], /^apexd: --workers 0: expected a number from 1 to 64\n$/],
    [['serve', '--workers', '65'], /^apexd: --workers 65: expected a number from 1 to 64\n$/],
    [['serve', '--workers', '1.5'], /^apexd: --workers 1\.5: expected a number from 1 to 64\n$/],
    [['serve', '--workers', 'two'], /^apexd: --workers two: expected a number from 1 to 64\n$/],
    [['serve', '--port', '0', '--config', 'apexd.yaml'], /^apexd: --port is for the demo.*\n$/],
  ])('%j is wrong usage, said in one line with exit code 2', async (args, line) => {
    expect(await new Home().spawn(args, '').outcome).toEqual(refused(2, line));
  });

  it('answers a question for help on standard output, with exit code 0', async () => {
    const outcome = await new Home().spawn(['endpoint', '--help'], '').outcome;
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toMatch(/^Usage: apexd endpoint .*import/s);
  });

  it('takes no empty password, and needs its first line only', async () => {
    const home = new Home();
    const add = 'endpoint add fred@example.com';
    for (const input of ['', '\n', '\nyabba\n']) {
      expect(await home.run(add, input)).toEqual(refused(2, /^apexd: no password: .*\n$/));
    }
    // Standard input stays open, as a terminal does.
    const { child, outcome } = home.spawn([...add.split(' '), '--config', home.config]);
    child.stdin!.write('yabba\n');
    expect(await outcome).toMatchObject({ code: 0, stderr: '' });
  });

  it.each(['barney@example.com', 'barney@example.com,', ',dabba'])(
    'imports nothing when a line is %j, and names the line',
    async (broken) => {
      const home = new Home();
      expect(await home.run('endpoint import', `fred@example.com,yabba\n\n${broken}\n`)).toEqual(
        refused(2, /^apexd: standard input, line 3: expected endpoint,password; nothing was imported\n$/),
      );
      expect((await home.run('endpoint list')).stdout).toBe('');
    },
  );

  it('ends without a word when nobody reads on', async () => {
    const home = new Home();
    await home.run('endpoint add fred@example.com', 'yabba\n');
    const { child, outcome } = home.spawn(['endpoint', 'list', '--config', home.config], '');
    child.stdout!.destroy();
    expect(await outcome).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a configuration', () => {
  const check = (home: Home, text: string): Promise<Outcome> => {
    writeFileSync(home.config, text);
    return home.run('check');
  };

  it('is valid: check says for which domain and where the data is', async () => {
    const home = new Home();
    expect(await home.run('check')).toEqual({
      code: 0,
      signal: null,
      stdout: `${home.config}: valid; domain example.com, data in ${home.dataDir}\n`,
      stderr: '',
    });
  });

  it.each([
    [
      'domain: example.com\ndataDir: data\nedge:\n  prot: 1\n',
      /^apexd: .*apexd\.yaml:4: edge\.prot: unknown key.*\n$/,
    ],
    [
      'domain: example.com\ndataDir: data\nedge: { port: -1 }\n',
      /^apexd: .*apexd\.yaml:3: edge\.port: .*\n$/,
    ],
    ['domain: example.com\ndataDir: [\n', /^apexd: .*apexd\.yaml:\d: not valid YAML.*\n$/],
    [
      'domain: example.com\ndataDir: data\nlimits: { receiveWindowOctets: 4294967296 }\n',
      /^apexd: .*apexd\.yaml:3: limits\.receiveWindowOctets: .*\n$/,
    ],
  ])('is not: %j', async (text, line) => {
    expect(await check(new Home(), text)).toEqual(refused(1, line));
  });

  it('is missing', async () => {
    const { outcome } = new Home().spawn(['serve', '--config', 'none.yaml'], '');
    expect(await outcome).toEqual(refused(1, /^apexd: cannot read the configuration none\.yaml: .*\n$/));
  });
});
