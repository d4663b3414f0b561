import type { Sent, StatusReport } from '@apex/client';

/**
 * Tells each report about what was sent, until every recipient has its outcome. Rejects with ApexError
 * `client.timeout` when that takes too long.
 */
export async function follow(
  sent: Sent,
  timeoutMs: number,
  tell: (report: StatusReport) => void,
): Promise<ReadonlyMap<string, StatusReport>> {
  const outcomes = sent.outcomes({ timeoutMs });
  // Then there is nothing to read any more.
  outcomes.catch(() => sent[Symbol.dispose]());
  for await (const report of sent) tell(report);
  return outcomes;
}
