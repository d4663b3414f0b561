import { expect } from 'vitest';
import type { ApexClient, Received, StatusReport } from '../../src/index.ts';
import { WILMA } from '../house.ts';

export const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

export async function take(incoming: AsyncIterable<Received>, count: number): Promise<readonly Received[]> {
  const taken: Received[] = [];
  for await (const received of incoming) {
    taken.push(received);
    if (taken.length === count) break;
  }
  return taken;
}

/** As `recipient kind code`, in alphabetical order. */
export async function all(reports: AsyncIterable<StatusReport>): Promise<readonly string[]> {
  const kinds: string[] = [];
  for await (const { recipient, kind, replyCode } of reports) kinds.push(`${recipient} ${kind} ${replyCode}`);
  return kinds.sort();
}

export const short = (report: StatusReport | undefined): string => `${report?.kind} ${report?.replyCode}`;

/** Sends a text, and waits until it is there. */
export async function deliver(from: ApexClient, text: string, to = WILMA): Promise<void> {
  const sent = await from.send(to, { text }, { status: true });
  await sent.outcomes();
}
