import type { SourceText } from '../source-text.ts';

/** One call of `it`, `test` or `describe`, with everything inside its parentheses. */
export interface TestCall {
  readonly start: number;
  /** Offset behind the closing parenthesis. */
  readonly end: number;
  /** `it.skip`, `describe.todo`, `xit` and their like: nothing inside runs. */
  readonly skips: boolean;
}

/** Finds the calls that make tests, with the modifiers between name and parenthesis. */
export function testCalls({ code }: SourceText): TestCall[] {
  const calls: TestCall[] = [];
  for (const match of code.matchAll(/(?<![\w$.])(?:it|test|describe|xit|xtest|xdescribe)\b/g)) {
    let at = match.index + match[0].length;
    let skips = match[0].startsWith('x');
    for (;;) {
      const modifier = /^\s*\.\s*(\w+)/.exec(code.slice(at, at + 80));
      if (modifier !== null) {
        if (modifier[1] === 'skip' || modifier[1] === 'todo') skips = true;
        at += modifier[0].length;
        continue;
      }
      if (code[at] !== '(') break;
      at = closing(code, at);
      calls.push({ start: match.index, end: at, skips });
    }
  }
  return calls;
}

/** Offset behind the parenthesis that closes the one at `open`. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === '(') depth++;
    else if (code[at] === ')' && --depth === 0) return at + 1;
  }
  return code.length;
}
