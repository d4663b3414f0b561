import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Answer, decode, encode, type Question } from 'dns-packet';
import { onTestFinished } from 'vitest';

/** What a name server says to a question: records, a response code such as `SERVFAIL`, or nothing at all. */
export type Said = readonly Answer[] | 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' | 'silence';

/** A name server on loopback, of one test. */
export interface NameServer {
  /** `host:port`, as a resolver takes it. */
  readonly address: string;
  /** By `TYPE name`; of a name that is not there nothing exists. May be changed at any time. */
  readonly zone: Map<string, Said>;
  /** What was asked, as `TYPE name`, in that order. */
  readonly asked: string[];
}

/** Response codes of RFC 1035 §4.1.1, as the lower bits of the flags. */
const CODES = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5 } as const;

export async function nameServer(zone: Readonly<Record<string, Said>> = {}): Promise<NameServer> {
  const socket = createSocket('udp4');
  const known = new Map(Object.entries(zone));
  const asked: string[] = [];
  const answer = ({ type, name }: Question): Said => {
    const question = `${type} ${name.toLowerCase()}`;
    asked.push(question);
    const said = known.get(question);
    if (said !== undefined) return said;
    // A name that has other records exists.
    const exists = [...known.keys()].some((key) => key.endsWith(` ${name.toLowerCase()}`));
    return exists ? [] : 'NXDOMAIN';
  };
  socket.on('message', (octets, from) => {
    const { id, questions = [] } = decode(octets);
    const [question] = questions;
    if (question === undefined) return;
    const said = answer(question);
    if (said === 'silence') return;
    const reply = typeof said === 'string' ? { code: CODES[said], answers: [] } : { code: 0, answers: said };
    socket.send(
      encode({
        type: 'response',
        id: id ?? 0,
        flags: 0x0180 | reply.code,
        questions: [question],
        answers: [...reply.answers],
      }),
      from.port,
      from.address,
    );
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  return { address: `127.0.0.1:${socket.address().port}`, zone: known, asked };
}

/** An SRV record (RFC 2782) of the relay-relay mode. */
export function srv(
  domain: string,
  target: string,
  port: number,
  { priority = 0, weight = 0 }: { readonly priority?: number; readonly weight?: number } = {},
): Answer {
  return {
    type: 'SRV',
    name: `_apex-mesh._tcp.${domain}`,
    ttl: 60,
    data: { priority, weight, port, target },
  };
}

/** An address record. */
export function a(name: string, address: string): Answer {
  return { type: 'A', name, ttl: 60, data: address };
}
