import { helpSuite } from '@apex/vitest/help-suite';
import { examples } from '../src/examples.ts';
import { createProgram } from '../src/program.ts';

helpSuite(createProgram(), examples);
