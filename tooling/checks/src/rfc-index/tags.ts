/**
 * Tags: `3343 §4.4 step 5`, `3080 §2.2.1.1 rule 9`, `3081 §3.1.3`, `P4`. Several may share what
 * they have in common: `3343 §4.2 steps 1-4`, `3340 §5 rule 5 and 16`, `3080 §2.4, §2.7`. `RFC`
 * before the number makes no difference.
 */
const number = String.raw`\d{1,2}(?:\.\d{1,2})*(?!\d)`;
const section = String.raw`§\d+(?:\.\d+)*(?: (?:step|rule)s? ${number}(?:(?:-| to |, ?| and )${number})*)?`;
const rfcReference = new RegExp(
  String.raw`(?<![\w.])(?:RFC )?(3080|3081|334[0-3]) (${section}(?:(?:, | and |, and |; )${section})*)`,
  'g',
);
const sectionReference = /§(\d+(?:\.\d+)*)(?: (step|rule)s? ([^§]*\d))?/g;
const decision = /(?<![\w§.-])[BCAP][1-9]\d?(?![\w-]|\.\d)/g;

/** The ids that `text` names, in order, each once. */
export function tagsIn(text: string): string[] {
  const oneLine = text.replace(/\s*\n\s*(?:\*(?!\/)|\/\/)?\s*/g, ' ');
  const ids: string[] = [];
  for (const [, rfc, sections] of oneLine.matchAll(rfcReference)) {
    for (const [, section, kind, numbers] of (sections ?? '').matchAll(sectionReference)) {
      const id = `${rfc} §${section}`;
      if (kind === undefined) ids.push(id);
      else for (const number of expand(numbers ?? '')) ids.push(`${id} ${kind} ${number}`);
    }
  }
  for (const [id] of oneLine.matchAll(decision)) ids.push(id);
  return [...new Set(ids)];
}

/** `1-3, 5 to 7 and 9.1` as single numbers; a range runs over the last component. */
function expand(numbers: string): string[] {
  return [...numbers.matchAll(/(\d+(?:\.\d+)*)(?:(?:-| to )(\d+(?:\.\d+)*))?/g)].flatMap(
    ([, from = '', to]) => {
      if (to === undefined) return [from];
      const [prefix, first] = splitLast(from);
      const [, last] = splitLast(to);
      return Array.from({ length: Math.max(1, last - first + 1) }, (_, i) => `${prefix}${first + i}`);
    },
  );
}

function splitLast(number: string): [prefix: string, last: number] {
  const cut = number.lastIndexOf('.') + 1;
  return [number.slice(0, cut), Number(number.slice(cut))];
}

export interface TaggedName {
  readonly ids: readonly string[];
  /** The name as the test runner knows it, brackets included. */
  readonly name: string;
}

/** Reads a test's name that begins with tags in brackets; undefined when it begins with none. */
export function taggedName(name: string): TaggedName | undefined {
  const brackets = /^(?:\[[^\]]*\]\s*)+/.exec(name)?.[0];
  if (brackets === undefined) return undefined;
  const ids = tagsIn(brackets);
  return ids.length === 0 ? undefined : { ids, name };
}
