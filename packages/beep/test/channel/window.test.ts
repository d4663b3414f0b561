import { describe, expect, it } from 'vitest';
import { initialWindowOctets, ReceiveWindow, SendWindow } from '../../src/channel/window.ts';

describe('SendWindow', () => {
  it('[3081 §3.1.1] begins at sequence number 0 with 4096 octets', () => {
    const window = new SendWindow();
    expect([window.next, window.available]).toEqual([0, 4096]);
    expect(initialWindowOctets).toBe(4096);
  });

  it('[B3] counts the right edge from the ackno', () => {
    const window = new SendWindow();
    window.sent(4000);
    expect(window.available).toBe(96);
    expect(window.update(1000, 4096)).toBe(true);
    expect(window.available).toBe(1096);
  });

  it('[B3] bears a peer that shrinks the window', () => {
    const window = new SendWindow();
    window.sent(4000);
    expect(window.update(0, 100)).toBe(true);
    expect(window.available).toBe(0);
    expect(window.update(4000, 50)).toBe(true);
    expect(window.available).toBe(50);
  });

  it('[B3] refuses an ackno that goes back or that was never sent', () => {
    const window = new SendWindow();
    window.sent(100);
    expect(window.update(101, 4096)).toBe(false);
    expect(window.update(50, 4096)).toBe(true);
    expect(window.update(49, 8192)).toBe(false);
    expect(window.available).toBe(4046);
  });

  it('[3081 §3.1] [3080 §2.2.1.2] counts modulo 2^32', () => {
    const window = new SendWindow(2 ** 32 - 10);
    window.sent(30);
    expect(window.next).toBe(20);
    expect(window.update(2 ** 32 - 11, 1)).toBe(false);
    expect(window.update(21, 1)).toBe(false);
    expect(window.update(5, 100)).toBe(true);
    expect(window.available).toBe(85);
  });
});

describe('ReceiveWindow', () => {
  it('[3081 §3.1.4 rule 3] is to be opened when half of the buffer would be told', () => {
    const window = new ReceiveWindow();
    window.received(2047);
    expect(window.isDue(4096)).toBe(false);
    window.received(1);
    expect(window.isDue(4096)).toBe(true);
    window.open(4096);
    expect([window.expected, window.left]).toEqual([2048, 4096]);
  });

  it('[3081 §3.1.4 rule 6] [B3] never gives less than it gave', () => {
    const window = new ReceiveWindow();
    window.open(65_536);
    window.open(4096);
    expect(window.left).toBe(65_536);
  });

  it('[3081 §3.1] [3080 §2.2.1.2] counts modulo 2^32', () => {
    const window = new ReceiveWindow(2 ** 32 - 1);
    window.received(3);
    expect(window.expected).toBe(2);
  });
});
