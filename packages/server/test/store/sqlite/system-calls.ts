/** A write or a sync of what matters here: the log of the database, standard output, sockets. */
export interface SystemCall {
  readonly name: 'write' | 'sync';
  readonly fd: 'log' | 'stdout' | 'socket';
  /** Places in the trace: a call that is done at 5 was done before one begun at 6. */
  readonly begun: number;
  readonly done: number;
  /** The octets written as strace shows them, without a newline at the end. */
  readonly text: string;
}

/**
 * Reads the output of `strace -f -ttt -y`. A call that another thread interrupted stands on two
 * lines, `… <unfinished ...>` and `<... name resumed> …`.
 */
export function parseTrace(trace: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { begun: number; call: string }>();
  for (const [place, line] of trace.split('\n').entries()) {
    const [, thread = '', rest = ''] = /^(\d+) +[\d.]+ (.*)$/s.exec(line) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(thread, { begun: place, call: rest });
      continue;
    }
    const resumed = rest.startsWith('<... ') ? unfinished.get(thread) : undefined;
    const { begun, call } = resumed ?? { begun: place, call: rest };
    const [, name = '', number = '', path = '', text = ''] =
      /^(\w+)\((\d+)<([^>]*)>(?:, (.*))?/s.exec(call) ?? [];
    const fd = kindOf(path, number);
    if (fd === undefined) continue;
    if (!/= \d+$/.test(rest)) throw new Error(`a call failed: ${rest.slice(-80)}`);
    const written = /^"((?:[^"\\]|\\.)*)"/s.exec(text)?.[1]?.replace(/\\n$/, '') ?? text;
    calls.push({ name: name.endsWith('sync') ? 'sync' : 'write', fd, begun, done: place, text: written });
  }
  return calls;
}

function kindOf(path: string, number: string): SystemCall['fd'] | undefined {
  if (path.endsWith('-wal')) return 'log';
  if (number === '1') return 'stdout';
  return path.startsWith('socket:') ? 'socket' : undefined;
}
