import { describe, expect, it } from 'vitest';
import { Intake } from '../../src/edge/intake.ts';

function channel() {
  return {
    isPaused: false,
    pause() {
      this.isPaused = true;
    },
    resume() {
      this.isPaused = false;
    },
  };
}

describe('what waits for the owner', () => {
  it('slows down those who send more than the limit, until half of it is answered', () => {
    const intake = new Intake(100);
    const [early, late] = [channel(), channel()];
    intake.add(early, 100);
    expect(early.isPaused).toBe(false);
    intake.add(late, 1);
    intake.add(late, 1);
    expect([early.isPaused, late.isPaused]).toEqual([false, true]);
    intake.remove(51);
    expect(late.isPaused).toBe(true);
    intake.remove(1);
    expect(late.isPaused).toBe(false);
    intake.add(early, 51);
    expect(early.isPaused).toBe(true);
  });
});
