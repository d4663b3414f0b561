import { expect, it } from 'vitest';
import { placeOf } from '../../src/session/place.ts';

it.each([
  ['http://127.0.0.1:9180/', 'ws://127.0.0.1:9180/beep', false, true],
  ['http://localhost:9180/#board', 'ws://localhost:9180/beep', false, true],
  ['http://[::1]:9180/', 'ws://[::1]:9180/beep', false, true],
  ['http://apex.example.com/', 'ws://apex.example.com/beep', false, false],
  ['http://127.0.0.1.example.com/', 'ws://127.0.0.1.example.com/beep', false, false],
  ['https://apex.example.com/', 'wss://apex.example.com/beep', true, false],
  ['https://example.com/console/?x=1#me', 'wss://example.com/console/beep', true, false],
])('a page of %s connects to %s', (base, url, isProtected, isLoopback) => {
  expect(placeOf(base)).toEqual({ url, isProtected, isLoopback });
});
