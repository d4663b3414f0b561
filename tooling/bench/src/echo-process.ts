import { type EchoMeasurement, measureEcho } from './echo.ts';

/** `echo-process.ts MEASUREMENT` measures (JSON) and prints its row (JSON). */
process.stdout.write(
  `${JSON.stringify(await measureEcho(JSON.parse(process.argv[2]!) as EchoMeasurement))}\n`,
);
