import { calibrate } from './calibration.ts';

/** `calibration-process.ts SECONDS` measures the machine, and prints its figures (JSON). */
process.stdout.write(`${JSON.stringify(await calibrate(Number(process.argv[2])))}\n`);
