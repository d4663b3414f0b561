import { expect, it } from 'vitest';
import {
  type ChannelInput,
  type ChannelState,
  channelTransitions,
  nextChannelState,
} from '../../src/channel/channel-state.ts';

const inputs: readonly ChannelInput[] = [
  'ask',
  'agreed',
  'declined',
  'withdraw',
  'asked',
  'agree',
  'decline',
  'end',
];

/** The next state for each input, in the order above; `-` where the input cannot happen. */
const expected: Readonly<Record<ChannelState, string>> = {
  open: 'closing - - - answering - - closed',
  closing: '- closed open open crossing - - closed',
  answering: 'answering - - - - closed open closed',
  crossing: '- closed answering - - closed closing closed',
  closed: 'closed closed closed - - closed - closed',
};

it('[3080 §2.3.1.3] [B10] goes from state to state as the table says, for every state and input', () => {
  for (const state of Object.keys(channelTransitions) as ChannelState[]) {
    const next = inputs.map((input) => nextChannelState(state, input) ?? '-').join(' ');
    expect(`${state}: ${next}`).toBe(`${state}: ${expected[state]}`);
  }
});
