import { createRoot } from 'react-dom/client';
import { connectWebSocket } from '../../src/websocket.ts';
import { Page } from './guide-example.tsx';

/** The script of the page that the guide shows: `#url=…&endpoint=…&password=…` says as whom it attaches. */
const told = new URLSearchParams(location.hash.slice(1));
const root = createRoot(document.getElementById('root') as HTMLElement);
const client = await connectWebSocket({
  url: told.get('url') ?? '',
  endpoint: told.get('endpoint') ?? '',
  credentials: { password: told.get('password') ?? '' },
  requireTls: false,
  attachOverride: told.has('override'),
});
root.render(<Page client={client} />);

Object.assign(window, { unmount: () => root.unmount() });
