import { setFlagsFromString } from 'node:v8';

/**
 * From now on V8's young generation keeps its size. When many connections come at once, what survives
 * of them makes it grow to tens of megabytes, which it gives back after half a minute of idleness only;
 * a third of what an idle connection costs would be that. docs/adr/0009-young-generation.md has figures.
 */
export function holdYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
