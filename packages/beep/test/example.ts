import { drive, type Profile } from '../src/index.ts';
import { connectTcp, listenTcp } from '../src/transport/tcp.ts';

// A profile that answers each MSG with its payload in capitals.
const shout: Profile = {
  uri: 'http://example.com/profiles/shout',
  start(request) {
    request.accept({
      message(exchange) {
        const text = new TextDecoder().decode(exchange.payload);
        exchange.reply(new TextEncoder().encode(text.toUpperCase()));
      },
      closed() {},
    });
  },
};

// The listener offers it on each connection.
const listener = await listenTcp({
  host: '127.0.0.1',
  port: 0,
  onTransport: (transport) => drive(transport, { role: 'listener', profiles: [shout] }),
});

// The initiator starts a channel with it, and asks.
const peer = drive(await connectTcp(listener), { role: 'initiator', profiles: [] });
const { channel } = await peer.startChannel({
  profiles: [{ uri: shout.uri }],
  handler: { message() {}, closed() {} },
});
channel.send(new TextEncoder().encode('\r\nyabba dabba doo'), (reply) => {
  if (reply.kind === 'RPY') console.log(new TextDecoder().decode(reply.payload).trim());
});

// A release waits for the replies.
await peer.released();
await listener.close();
