import { drive } from './driver.ts';
import type { Measurement } from './measurement.ts';

/** `driver-process.ts MEASUREMENT` drives one measurement (JSON) and prints its row (JSON). */
const measurement = JSON.parse(process.argv[2]!) as Measurement;
process.stdout.write(`${JSON.stringify(await drive(measurement))}\n`);
