import { ApexError } from '@apex/client';
import { REPLY_CODES } from '@apex/protocol';
import { expect, it } from 'vitest';
import { failureOf } from '../../src/words/failure.ts';

const refusal = (replyCode: number): ApexError =>
  new ApexError('client.refused', `something: ${replyCode}`, { replyCode });

it('has a sentence, the code and its meaning for each code that says no', () => {
  for (const [code, { meaning }] of REPLY_CODES) {
    if (code < 400) continue;
    const failure = failureOf(refusal(code));
    expect(failure).toMatchObject({ replyCode: code, meaning, detail: `something: ${code}` });
    expect(failure.sentence).not.toBe('The server refused it.');
  }
});

it('says what a code means for what was tried', () => {
  expect(failureOf(refusal(537), 'subscribe').sentence).toMatch(/not allowed to see this presence/);
  expect(failureOf(refusal(537), 'send').sentence).toMatch(/does not allow you to send/);
  expect(failureOf(refusal(599), 'send')).toMatchObject({
    sentence: 'The server refused it.',
    replyCode: 599,
    meaning: undefined,
  });
});

it('says in words what has no code', () => {
  const error = new ApexError('client.lost', 'no connection to ws://127.0.0.1:1/beep');
  expect(failureOf(error, 'sign-in')).toMatchObject({
    sentence: 'The server cannot be reached.',
    replyCode: undefined,
    detail: error.message,
  });
  expect(failureOf(error, 'publish').sentence).toMatch(/^The connection broke/);
  const usage = new ApexError('client.usage', 'not an endpoint: "fred"');
  expect(failureOf(usage).sentence).toBe('Not an endpoint: "fred".');
  expect(failureOf(new TypeError('x is undefined'))).toMatchObject({
    sentence: 'This went wrong.',
    detail: 'x is undefined',
  });
});
