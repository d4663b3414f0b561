import { drive } from '@apex/beep';
import { listenTcp } from '@apex/beep/tcp';
import { echoProfile } from './echo-profile.ts';

/** Echoes over BEEP until whoever started it has gone; prints its port. */
const listener = await listenTcp({
  host: '127.0.0.1',
  port: 0,
  onTransport: (transport) => drive(transport, { role: 'listener', profiles: [echoProfile] }),
});
process.stdout.write(`${listener.port}\n`);
process.stdin.on('end', () => process.exit()).resume();
