import { expect, it } from 'vitest';
import {
  nextSessionState,
  type SessionInput,
  type SessionState,
  sessionTransitions,
} from '../../src/session/session-state.ts';

const inputs: readonly SessionInput[] = ['greeted', 'ask', 'declined', 'asked', 'decline', 'end'];

/** The next state for each input, in the order above; `-` where the input cannot happen. */
const expected: Readonly<Record<SessionState, string>> = {
  greeting: 'open ended - - - ended',
  declining: '- ended - - - ended',
  open: '- releasing - answering - ended',
  releasing: '- releasing open crossing - ended',
  answering: '- answering - - open ended',
  crossing: '- crossing answering - releasing ended',
  ended: '- ended - - - ended',
};

it('[3080 §2.4] [B10] goes from state to state as the table says, for every state and input', () => {
  for (const state of Object.keys(sessionTransitions) as SessionState[]) {
    const next = inputs.map((input) => nextSessionState(state, input) ?? '-').join(' ');
    expect(`${state}: ${next}`).toBe(`${state}: ${expected[state]}`);
  }
});
