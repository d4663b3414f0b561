import { describe, expect, it } from 'vitest';
import { isReplyCode, REPLY_CODES, replyCodeMeaning } from '../src/index.ts';

describe('the table of reply codes', () => {
  it('[3080 §8] [3340 §10] has every code of both tables', () => {
    const listed = [200, 250, 421, 450, 451, 454, 500, 501, 504, 530, 534, 535, 537, 538, 550, 553, 554, 555];
    for (const code of listed) expect(REPLY_CODES.has(code)).toBe(true);
  });

  it('[C12] has the codes that the services use beside them', () => {
    for (const code of [350, 503, 551, 556]) expect(replyCodeMeaning(code)).toBeTypeOf('string');
    expect(REPLY_CODES.size).toBe(22);
    expect(replyCodeMeaning(299)).toBeUndefined();
  });

  it('[3080 §7.1] knows what a reply code is', () => {
    for (const { code, good } of [
      { code: 100, good: true },
      { code: 599, good: true },
      { code: 99, good: false },
      { code: 600, good: false },
      { code: 250.5, good: false },
    ]) {
      expect(isReplyCode(code)).toBe(good);
    }
  });
});
