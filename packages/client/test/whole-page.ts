import * as apex from '../src/websocket.ts';

/** The script of a page that uses all there is, so that a bundler leaves nothing out. */
Object.assign(globalThis, { apex: { ...apex } });
