import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readReference } from '../src/reference.ts';

it('has a page for each public name of the packages, all of them with a docstring', async () => {
  const reference = await readReference();
  expect(reference.problems).toEqual([]);
  expect(reference.names.get('@apex/client/tcp')).toContain('connect');
  expect(reference.names.get('@apex/client/react')).toContain('usePresence');
  expect([...reference.names.keys()]).toEqual(
    expect.arrayContaining([
      '@apex/beep',
      '@apex/beep/tcp',
      '@apex/protocol',
      '@apex/client',
      '@apex/server',
    ]),
  );

  const folder = await mkdtemp(join(tmpdir(), 'apex-reference-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await reference.write(folder);
  expect(await readFile(join(folder, 'modules/_apex_client_react.html'), 'utf8')).toContain('usePresence');
  expect(existsSync(join(folder, 'classes/_apex_client.ApexClient.html'))).toBe(true);
  expect(reference.problems).toEqual([]);
});

it('a name without a docstring, and a link that leads nowhere, are problems', async () => {
  const file = join(import.meta.dirname, 'fixtures/undocumented.ts');
  const { problems } = await readReference([{ specifier: '@apex/fixture', file }]);
  expect(problems).toEqual([expect.stringContaining('Nowhere'), '@apex/fixture: bare has no docstring']);
});
