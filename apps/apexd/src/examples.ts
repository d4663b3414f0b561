import type { Command } from 'commander';

/** Shown behind the help of the app and of each group, by the name of the group. */
export const examples: Readonly<Record<string, readonly string[]>> = {
  '': [
    'apexd serve                                              # a demo on loopback',
    'apexd check --config apexd.yaml',
    'apexd serve --config apexd.yaml --workers 2',
    'apexd endpoint add fred@example.com --config apexd.yaml  # asks standard input for the password',
    'apexd admin sessions --config apexd.yaml',
    'apexd backup ../backups/apex.db --config apexd.yaml      # also while the server runs',
    'apexd admin drain --config apexd.yaml && apexd serve --config apexd.yaml',
  ],
  access: [
    "apexd access set --owner fred@example.com --actor '*@example.com' --actions 'core:data presence:subscribe' --config apexd.yaml",
    'apexd access list --owner fred@example.com --config apexd.yaml',
    "apexd access remove --owner fred@example.com --actor '*@example.com' --config apexd.yaml",
  ],
  admin: [
    'apexd admin sessions --config apexd.yaml',
    'apexd admin attachments --endpoint fred@example.com --json --config apexd.yaml',
    'apexd admin operations fred@example.com --config apexd.yaml',
    'apexd admin terminate fred@example.com --originator wilma@example.com --trans-id 100 --config apexd.yaml',
    'apexd admin kick wilma@example.com --code 450 --config apexd.yaml   # it may come back at once',
    'apexd admin kick --session 2-17 --config apexd.yaml',
    'apexd admin mesh --config apexd.yaml',
    'apexd admin log-level debug --config apexd.yaml',
    'apexd admin drain --grace 30 --config apexd.yaml',
  ],
  endpoint: [
    'apexd endpoint add fred@example.com --config apexd.yaml < password.txt',
    'apexd endpoint import --config apexd.yaml < endpoints.csv   # endpoint,password lines',
    'apexd endpoint list --json --config apexd.yaml',
    'apexd endpoint remove fred@example.com --config apexd.yaml',
  ],
  presence: [
    'apexd presence show fred@example.com --config apexd.yaml',
    'apexd presence show fred@example.com --pidf --config apexd.yaml',
    'apexd presence export all.xml --access --config apexd.yaml',
    'apexd presence import all.xml --replace --config apexd.yaml',
  ],
  tls: ['apexd tls self-signed --domain example.com --name host.example.com --days 90'],
};

/** Puts them behind the help. */
export function addExamples(program: Command): void {
  for (const command of [program, ...program.commands]) {
    const lines = examples[command === program ? '' : command.name()];
    if (lines === undefined) continue;
    command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`);
  }
}
