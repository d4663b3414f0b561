import type { Command } from 'commander';

/** Shown behind the help of the app and of each group, by the name of the group. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  '': [
    'apex subscribe fred@example.com --as wilma@example.com',
    'apex publish --available-for 1h --as fred@example.com',
    'apex fetch fred@example.com --as wilma@example.com --json',
    "apex send wilma@example.com 'hello' --hold --status --as fred@example.com",
    'apex receive --as wilma@example.com --server apex.example.com:9130 --ca cert.pem',
    'The password is APEX_PASSWORD, or the first line of standard input.',
  ],
  access: [
    'apex access allow wilma@example.com --as fred@example.com',
    'apex access deny barney@example.com --as fred@example.com',
    "apex access set '*@example.com' core:data presence:subscribe --as fred@example.com",
    'apex access get wilma@example.com --as fred@example.com',
    'apex access forget wilma@example.com --as fred@example.com',
  ],
};

/** Puts them behind the help. */
export function addExamples(program: Command): void {
  for (const command of [program, ...program.commands]) {
    const lines = examples[command === program ? '' : command.name()];
    if (lines === undefined) continue;
    command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
  }
}
