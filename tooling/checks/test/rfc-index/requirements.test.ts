import { expect, it } from 'vitest';
import { allRequirements } from '../../src/rfc-index/requirements/all.ts';
import { rfcRequirements } from '../../src/rfc-index/requirements/requirement.ts';
import { tagsIn } from '../../src/rfc-index/tags.ts';

const requirements = allRequirements.flatMap((list) => list.requirements);

it('every id is its own and can be written as a tag', () => {
  const ids = requirements.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(tagsIn(id)).toEqual([id]);
});

it('every title is one line that ends as a sentence', () => {
  for (const { title } of requirements) expect(title).toMatch(/^[^\n]+\.$/);
});

it('sub-steps stand behind their step, in the order of the text', () => {
  const { requirements: rows } = rfcRequirements(
    '3343',
    '',
    { '§4.2': { steps: { 10: 'c', 6: 'a', '6.1': 'b' } } },
    [],
  );
  expect(rows.map(({ title }) => title).join('')).toBe('abc');
});

it('all decisions have a row', () => {
  const counts = { B: 18, C: 17, A: 8, P: 14 };
  for (const [letter, count] of Object.entries(counts)) {
    expect(requirements.filter(({ id }) => id.startsWith(letter))).toHaveLength(count);
  }
});
