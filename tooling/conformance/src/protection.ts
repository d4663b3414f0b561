import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:tls';

const HEADERS = 'Content-Type: application/beep+xml\r\n\r\n';
const START = `<start number='1'><profile uri='http://iana.org/beep/TLS'><![CDATA[<ready />]]></profile></start>`;

/**
 * Has the other side protect the connection (RFC 3080 §3.1), and negotiates TLS on it: the session that follows
 * begins with greetings, as any other. Whose certificate it is does not matter here.
 */
export async function protectedBy(socket: Socket): Promise<Socket> {
  const greeting = `${HEADERS}<greeting />`;
  const start = HEADERS + START;
  socket.write(`RPY 0 0 . 0 ${greeting.length}\r\n${greeting}END\r\n`);
  socket.write(`MSG 0 0 . ${greeting.length} ${start.length}\r\n${start}END\r\n`);
  let received = '';
  while (!(received.includes('<proceed') && received.endsWith('END\r\n'))) {
    const [octets] = (await once(socket, 'data')) as [Buffer];
    received += octets.toString('latin1');
    if (received.includes('ERR 0 ')) throw new Error(`no transport security: ${received}`);
  }
  socket.removeAllListeners('data');
  const secured = connect({ socket, rejectUnauthorized: false });
  await once(secured, 'secureConnect');
  return secured;
}
