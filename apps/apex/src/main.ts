#!/usr/bin/env node
import { ApexError } from '@apex/client';
import { AppError } from './errors.ts';
import { createProgram, Shown } from './program.ts';
import { visible } from './visible.ts';

let isOutputLost = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads the output may stop in the middle, as `head` does. Each further write fails as well.
  if (error.code === 'EPIPE' || isOutputLost) return;
  isOutputLost = true;
  process.stderr.write(`apex: standard output: ${error.message}\n`);
  process.exitCode = 1;
});
// With the terminal gone there is nobody left to tell.
process.stderr.on('error', () => {});

try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(error instanceof Shown)) {
    const { message } = error as Error;
    const { code, replyCode } = error as Partial<ApexError>;
    const isKnown = error instanceof ApexError || error instanceof AppError;
    process.stderr.write(
      process.argv.includes('--json') && isKnown
        ? `${visible(JSON.stringify({ event: 'error', code, replyCode, message }))}\n`
        : `apex: ${visible(message.replaceAll('\n', ' '))}\n`,
    );
    const isUsage =
      (error instanceof AppError && error.exitCode === 2) ||
      (error instanceof ApexError && error.code === 'client.usage');
    process.exitCode = isUsage ? 2 : 1;
  }
}
