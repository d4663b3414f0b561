import './style/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { Session } from './session/session.ts';

const session = new Session();
// A window that is closed takes its subscriptions with it; its watchers would see them for an hour otherwise.
addEventListener('pagehide', () => void session.signOut());

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <App session={session} />
  </StrictMode>,
);
