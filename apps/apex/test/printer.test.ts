import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration, parseMilliseconds } from '../src/duration.ts';
import { type Output, printer, textOf } from '../src/printer.ts';
import { attachmentFor, parseTarget } from '../src/target.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');

describe('durations', () => {
  it.each([
    ['90', 90],
    ['90s', 90],
    ['30m', 1800],
    ['1h', 3600],
    ['7d', 604_800],
    ['2147483647', 2_147_483_647],
  ])('%s is read as %i seconds', (text, seconds) => {
    expect(parseDuration(text, '--duration')).toBe(seconds);
  });

  it.each(['', '0', '-1', '1.5h', '1 h', '2147483648', '99999999d', 'h'])('%j is refused', (text) => {
    expect(() => parseDuration(text, '--duration')).toThrow(`--duration ${text}: expected a duration`);
  });

  it('are at most 24 days where milliseconds are counted', () => {
    expect(parseMilliseconds('24d', '--timeout')).toBe(2_073_600_000);
    expect(() => parseMilliseconds('25d', '--timeout')).toThrow('--timeout 25d: 24d is the longest');
  });

  it.each([
    [0, '0 s'],
    [59, '59 s'],
    [61, '1 min'],
    [3600, '1 h'],
    [3599, '1 h'],
    [3700, '1 h 2 min'],
    [90_000, '1 d 1 h'],
    [-5, '0 s'],
  ])('%i seconds are written as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('servers', () => {
  it.each([
    ['127.0.0.1', { kind: 'tcp', host: '127.0.0.1', port: 9130, isLoopback: true }],
    ['localhost:1', { kind: 'tcp', host: 'localhost', port: 1, isLoopback: true }],
    ['[::1]:913', { kind: 'tcp', host: '::1', port: 913, isLoopback: true }],
    ['::1', { kind: 'tcp', host: '::1', port: 9130, isLoopback: true }],
    [
      '127.0.0.1.example.com:913',
      { kind: 'tcp', host: '127.0.0.1.example.com', port: 913, isLoopback: false },
    ],
    ['192.0.2.1:913', { kind: 'tcp', host: '192.0.2.1', port: 913, isLoopback: false }],
    [
      'ws://[::1]:9180/beep',
      { kind: 'websocket', url: 'ws://[::1]:9180/beep', isLoopback: true, isSecured: false },
    ],
    [
      'WSS://Example.com/beep',
      { kind: 'websocket', url: 'wss://example.com/beep', isLoopback: false, isSecured: true },
    ],
  ])('%s', (text, target) => {
    expect(parseTarget(text)).toEqual(target);
  });

  it.each(['', ':1', 'a:', 'a:0', 'a:65536', 'a b', '[a]:1', '[::1', '::1:99999999'])(
    '%j is refused',
    (text) => {
      expect(() => parseTarget(text)).toThrow(/expected host/);
    },
  );
});

describe('what a command attaches as', () => {
  it('[C16] is a subaddress of its own, or the one that was named', () => {
    expect(attachmentFor('fred@Example.com')).toMatch(/^fred\/apex-[0-9a-z]{8}@example\.com$/);
    expect(attachmentFor('fred/desk@example.com')).toBe('fred/desk@example.com');
    expect(attachmentFor('fred@example.com')).not.toBe(attachmentFor('fred@example.com'));
  });
});

describe('text for people', () => {
  const entry = (availableUntil: string, tupleInfo = ''): Output => ({
    event: 'entry',
    entry: {
      publisher: 'fred@example.com',
      lastUpdate: '2026-11-25T11:00:00Z',
      publisherInfo: '',
      timeStamp: '2026-11-25T12:00:00Z',
      tuples: [
        {
          destination: 'apex:fred@example.com',
          availableUntil,
          tupleInfo,
          capabilities: [{ baseline: 'urn:x', value: 'a\u001b[2Jb' }],
        },
      ],
    },
  });

  it('tells how long someone is available, and shows what would steer the terminal', () => {
    expect(textOf(entry('2026-11-25T13:30:00Z', 'urn:x:info'), NOW)).toBe(
      [
        'fred@example.com, last update 2026-11-25T11:00:00Z',
        '  apex:fred@example.com  available for 1 h 30 min, until 2026-11-25T13:30:00Z  urn:x:info',
        '    urn:x  a\\u001b[2Jb',
      ].join('\n'),
    );
    expect(textOf(entry('2026-11-25T11:30:00Z'), NOW)).toContain('not available since 2026-11-25T11:30:00Z');
  });

  const received = {
    event: 'received',
    originator: 'fred@example.com',
    recipient: 'wilma@example.com',
    type: 'text/plain',
  } as const;

  it('shows what came', () => {
    const texts = (
      [
        { ...received, text: 'yabba', octets: 5 },
        { ...received, text: '', octets: 0 },
        { ...received, type: 'image/png', octets: 7 },
        { ...received, type: 'external', uri: 'http://example.com/' },
      ] as const
    ).map((output) => textOf(output, NOW));
    expect(texts).toEqual([
      'fred@example.com: yabba',
      'fred@example.com: ',
      'fred@example.com: 7 octets of image/png',
      'fred@example.com: http://example.com/',
    ]);
  });

  // Invariant: nothing that others write leaves as a control, and JSON reads the same.
  it('lets nobody steer the terminal, in text and in JSON', () => {
    const steering = [0x7f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xe0041];
    for (let point = 0; point <= 0x9f; point += 1) if (point < 0x20 || point > 0x7f) steering.push(point);
    for (const character of steering.map((point) => String.fromCodePoint(point))) {
      const text = `a${character}"\\b`;
      const report = {
        recipient: 'fred@example.com',
        relay: 'example.com',
        kind: 'failed',
        replyCode: 550,
        text,
        afterMs: 1,
      } as const;
      const outputs: readonly Output[] = [
        { ...received, text },
        { ...received, type: text, octets: 1 },
        { event: 'report', report },
        { event: 'hop', hop: 1, report },
        { event: 'ended', publisher: 'fred@example.com', reason: 'terminated', replyCode: 550, text },
      ];
      for (const output of outputs) {
        expect(textOf(output, NOW)).not.toContain(character);
        let line = '';
        printer(true, (written) => {
          line = written;
        })(output);
        expect(line.slice(0, -1)).not.toContain(character);
        expect(JSON.parse(line)).toEqual(output);
      }
    }
  });

  it('leaves scripts and emoji as they are', () => {
    const text = '👩‍🚀 می‌خواهم ✓';
    expect(textOf({ ...received, text }, NOW)).toBe(`fred@example.com: ${text}`);
  });

  it('tells of subscribers, polls and ends', () => {
    const publisher = 'fred@example.com';
    const subscriber = 'wilma@example.com';
    const notification = { event: 'notification', publisher, subscriber } as const;
    const texts = (
      [
        { ...notification, action: 'subscribe', durationSeconds: 3600 },
        { ...notification, action: 'subscribe', durationSeconds: 0 },
        { ...notification, action: 'terminate', durationSeconds: 0 },
        { event: 'ended', publisher, reason: 'terminated', replyCode: 537, text: 'no longer allowed' },
        { event: 'ended', publisher, reason: 'terminated', replyCode: 550, text: '' },
      ] as const
    ).map((output) => textOf(output, NOW));
    expect(texts).toEqual([
      'wilma@example.com subscribes for 1 h',
      'wilma@example.com polls',
      'wilma@example.com no longer subscribes',
      'fred@example.com: ended by the service, 537 no longer allowed',
      'fred@example.com: ended by the service, 550',
    ]);
  });
});
