import { afterEach, expect, it, vi } from 'vitest';
import { printPresence } from '../src/commands/print.ts';

afterEach(() => vi.restoreAllMocks());

it('shows what a publisher wrote in one line that no terminal acts on', async () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await printPresence(
    {
      publisher: 'fred@example.com',
      lastUpdate: '2026-01-01T00:00:00.000Z',
      publisherInfo: '',
      tuples: [
        {
          destination: 'apex:fred@example.com',
          availableUntil: '2026-01-01T00:00:00.000Z',
          tupleInfo: '',
          capabilities: [{ baseline: 'text', value: 'yabba\n\u009b2J\u202eü' }],
        },
      ],
      operations: [],
    },
    'text',
  );
  expect(write.mock.calls.at(-1)).toEqual(['    text  yabba\\u{a}\\u{9b}2J\\u{202e}ü\n']);
});
