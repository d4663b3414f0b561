#!/usr/bin/env node
import { refusalLine } from './advice.ts';
import { AppError } from './errors.ts';
import { createProgram, Shown } from './program.ts';

// Whoever reads the output may stop in the middle, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await createProgram().parseAsync();
} catch (error) {
  if (!(error instanceof Shown)) {
    process.stderr.write(`apexd: ${refusalLine(error as Error)}\n`);
    process.exitCode = error instanceof AppError ? error.exitCode : 1;
  }
}
