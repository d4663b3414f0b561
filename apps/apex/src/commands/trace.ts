import { type ApplicationOptions, withApplication } from '../application.ts';
import { parseMilliseconds } from '../duration.ts';
import { AppError } from '../errors.ts';
import { follow } from '../reports.ts';
import { endpointOf } from '../target.ts';

export interface TraceOptions extends ApplicationOptions {
  readonly timeout: string;
}

/** `apex trace`: has every relay on the way report (RFC 3340 §5.1), hop by hop. The recipient gets an empty element. */
export async function trace(name: string, options: TraceOptions): Promise<void> {
  const recipient = endpointOf(name, 'recipient');
  const timeoutMs = parseMilliseconds(options.timeout, '--timeout');
  await withApplication({ ...options, lasts: false }, async ({ client, print }) => {
    const sent = await client.send(recipient, { xml: '<trace />' }, { status: 'trace' });
    let hop = 0;
    const outcomes = await follow(sent, timeoutMs, (report) => {
      hop += 1;
      print({ event: 'hop', hop, report });
    });
    if (outcomes.get(recipient)?.kind === 'failed')
      throw new AppError('trace.failed', `${recipient} was not reached; the last line above says why`);
  });
}
