import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';

/**
 * The same tests for the help of each command line: each command and each option says what it is for, and the help of
 * each group ends with examples, of commands and options that there are. `examples` has them by the name of the group,
 * those of the program under the empty name.
 */
export function helpSuite(program: Command, examples: Readonly<Record<string, readonly string[]>>): void {
  describe.each(commands(program))('%s --help', (_, command) => {
    it('says what it and each of its options is for', () => {
      expect(command.description()).not.toBe('');
      const silent = command.options.filter(
        ({ description }) => description === undefined || description === '',
      );
      expect(silent.map(({ flags }) => flags)).toEqual([]);
    });
  });

  describe.each(commands(program).filter(([, command]) => command.commands.length > 0))(
    '%s --help',
    (path, command) => {
      it('ends with examples, of commands and options that there are', () => {
        const lines = examples[command === program ? '' : command.name()] ?? [];
        expect(lines.length).toBeGreaterThan(0);
        expect(helpOf(command)).toContain(`Examples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
        for (const line of lines) {
          for (const words of line
            .split('#')[0]!
            .split('&&')
            .map((part) => part.trim().split(/ +/))) {
            if (words[0] !== program.name()) continue;
            expect(line.startsWith(path)).toBe(true);
            let named = program;
            for (const word of words.slice(1)) {
              const next = named.commands.find((each) => each.name() === word);
              if (next === undefined) break;
              named = next;
            }
            expect([line, named.commands.length]).toEqual([line, 0]);
            const known = named.options.map(({ long }) => long);
            for (const word of words)
              if (word.startsWith('--'))
                expect([line, known]).toEqual([line, expect.arrayContaining([word])]);
            const missing = named.options.filter(
              ({ mandatory, long }) => mandatory && !words.includes(long ?? ''),
            );
            expect([line, missing.map(({ long }) => long)]).toEqual([line, []]);
          }
        }
      });
    },
  );
}

/** All commands, with the words that name them. */
function commands(command: Command, path = command.name()): [path: string, command: Command][] {
  const below = command.commands.flatMap((each) => commands(each, `${path} ${each.name()}`));
  return [[path, command], ...below];
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (more) => (text += more) }).outputHelp();
  return text;
}
