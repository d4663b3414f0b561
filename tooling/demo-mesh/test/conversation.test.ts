import { expect, it } from 'vitest';
import { converse } from '../src/conversation.ts';

it('[3340 §5.1] shows a subscription over two servers, and a trace over three', async () => {
  const lines: string[] = [];
  await converse((_, who, what) => lines.push(`${who}: ${what}`));
  expect(lines).toContain('wilma@rubble.com: is told: http://example.com/at-the-quarry');
  const hops = lines
    .filter((line) => line.startsWith('relay '))
    .map((line) => line.replace(/\), told.*/, ''));
  expect(hops.toSorted()).toEqual([
    'relay example.com: passed (250',
    'relay quarry.com: delivered (250',
    'relay rubble.com: passed (250',
  ]);
  expect(lines.filter((line) => line.includes('cannot'))).toEqual([]);
});
