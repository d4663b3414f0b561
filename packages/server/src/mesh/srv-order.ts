/** What an SRV record says of one relay (RFC 2782). */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** The target. */
  readonly name: string;
}

/**
 * The order in which relays are tried (RFC 2782): the lowest priority first; among those of one priority at random,
 * each as likely to come next as its weight is large.
 * @param random from 0 up to, not including, 1
 */
export function srvOrder(records: readonly SrvRecord[], random: () => number): readonly SrvRecord[] {
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority) =>
    byWeight(
      records.filter((record) => record.priority === priority),
      random,
    ),
  );
}

function byWeight(records: readonly SrvRecord[], random: () => number): readonly SrvRecord[] {
  // Those without a weight come first, so that a draw of 0 chooses one of them.
  const left = records.toSorted((a, b) => Number(a.weight > 0) - Number(b.weight > 0));
  const ordered: SrvRecord[] = [];
  while (left.length > 0) {
    const sum = left.reduce((total, { weight }) => total + weight, 0);
    // 0 and the sum are both possible.
    const drawn = Math.floor(random() * (sum + 1));
    let running = 0;
    const index = left.findIndex(({ weight }) => {
      running += weight;
      return running >= drawn;
    });
    ordered.push(...left.splice(index, 1));
  }
  return ordered;
}
