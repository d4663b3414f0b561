/**
 * One thing that a text asks of an implementation. `id` is what source comments and test names
 * are tagged with: `3343 §4.4 step 5`, `3080 §2.2.1.1 rule 9`, `3081 §3.1.3`, `P4`.
 */
export interface Requirement {
  readonly id: string;
  /** One sentence, in our own words. */
  readonly title: string;
  readonly level: 'step' | 'must' | 'should' | 'rule' | 'decision';
}

/** The requirements of one text, in the order of the text. */
export interface RequirementList {
  /** Heading in the index. */
  readonly heading: string;
  readonly requirements: readonly Requirement[];
  /** Sections that may be cited though they ask nothing of an implementation, such as `3080 §1`. */
  readonly descriptive: readonly string[];
}

/** What one section asks. */
export interface Section {
  /** What its prose asks, under the number of the section alone. */
  readonly must?: string;
  /** As `must`, where the text only recommends. */
  readonly should?: string;
  /** By the number of the step, such as `6` and `6.1`. */
  readonly steps?: Readonly<Record<string, string>>;
  /**
   * By the number of the bullet in the order of the text, nested bullets included. Prose that
   * needs a row of its own continues the count. Bullets that ask nothing have no row.
   */
  readonly rules?: Readonly<Record<number, string | { readonly should: string }>>;
}

/** Lists the requirements of an RFC from its sections, keyed by `§` and the section number. */
export function rfcRequirements(
  rfc: string,
  heading: string,
  sections: Readonly<Record<string, Section>>,
  descriptive: readonly string[],
): RequirementList {
  return {
    heading,
    requirements: Object.entries(sections).flatMap(([number, section]) =>
      sectionRows(`${rfc} ${number}`, section),
    ),
    descriptive: descriptive.map((number) => `${rfc} ${number}`),
  };
}

function sectionRows(id: string, section: Section): Requirement[] {
  const rows: Requirement[] = [];
  if (section.must !== undefined) rows.push({ id, title: section.must, level: 'must' });
  if (section.should !== undefined) rows.push({ id, title: section.should, level: 'should' });
  for (const [number, title] of byNumber(section.steps ?? {})) {
    rows.push({ id: `${id} step ${number}`, title, level: 'step' });
  }
  for (const [number, rule] of byNumber(section.rules ?? {})) {
    const ruleId = `${id} rule ${number}`;
    if (typeof rule === 'string') rows.push({ id: ruleId, title: rule, level: 'rule' });
    else rows.push({ id: ruleId, title: rule.should, level: 'should' });
  }
  return rows;
}

function byNumber<T>(numbered: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(numbered).sort(([a], [b]) => compareNumbers(a, b));
}

/** `6` before `6.1` before `10`. */
function compareNumbers(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
