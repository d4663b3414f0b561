import { type AddressInfo, createServer } from 'node:net';

/** Sends back what comes, message by message, until whoever started it has gone; prints its port. */
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += 400) socket.write(chunk.subarray(at, at + 400));
  });
  socket.on('error', () => socket.destroy()); // whoever measures has gone
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.stdin.on('end', () => process.exit()).resume();
