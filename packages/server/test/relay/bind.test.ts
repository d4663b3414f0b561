import { beepXml } from '@apex/beep';
import { parseDataMessage } from '@apex/protocol';
import { describe, expect, it } from 'vitest';
import { bind } from '../../src/relay/bind.ts';
import type { RelayChannel } from '../../src/relay/relay-session.ts';
import { RelaySession } from '../../src/relay/relay-session.ts';
import { terminate } from '../../src/relay/terminate.ts';
import { Answers, Stage } from './stage.ts';

function boundOn(
  stage: Stage,
  channel: RelayChannel,
  relay: string,
  transID: number,
): 'ok' | number | undefined {
  const answers = new Answers();
  bind(stage.relay, channel, { kind: 'bind', relay, transID, options: [] }, answers.take);
  return answers.given[0];
}

function ended(stage: Stage, channel: RelayChannel, transID: number): 'ok' | number | undefined {
  const answers = new Answers();
  const request = { kind: 'terminate', transID, code: 250, text: '' } as const;
  terminate(stage.relay, channel, request, answers.take);
  return answers.given[0];
}

const ours = (stage: Stage): string[] => stage.bindings.map(({ domain }) => domain);

describe('bind', () => {
  it('[3340 §4.4.2 step 1] is refused when its transID is in use on the channel', () => {
    const stage = new Stage();
    const { channel } = stage.channel(stage.session('rubble.com'));
    expect(boundOn(stage, channel, 'rubble.com', 1)).toBe('ok');
    expect(boundOn(stage, channel, 'rubble.com', 1)).toBe(555);
    expect(boundOn(stage, channel, 'slate.com', 1)).toBe(555);
  });

  it('[3340 §4.4.2 step 2] [3340 §4.5.2 rule 1] is refused for another domain than the one the relay authenticated as', () => {
    const stage = new Stage();
    const { channel } = stage.channel(stage.session('rubble.com'));
    expect(boundOn(stage, channel, 'slate.com', 1)).toBe(537);
    expect(ours(stage)).toEqual([]);
  });

  it('[3340 §4.4.2 step 4] [3340 §2.1] tells the mesh that the peer takes data, until it is terminated', () => {
    const stage = new Stage();
    const { channel } = stage.channel(stage.session('rubble.com'));
    boundOn(stage, channel, 'rubble.com', 1);
    boundOn(stage, channel, 'rubble.com', 2);
    expect(ours(stage)).toContain('rubble.com');
    // 3340 §4.4.3 step 3: the other one still stands.
    expect(ended(stage, channel, 1)).toBe('ok');
    expect(ours(stage)).toContain('rubble.com');
    expect(ended(stage, channel, 2)).toBe('ok');
    expect(ours(stage)).toEqual([]);
  });

  it('[3340 §4.4.3 step 1] [C1] ends with terminate 0, and with its channel', () => {
    const stage = new Stage();
    const { channel } = stage.channel(stage.session('rubble.com'));
    boundOn(stage, channel, 'rubble.com', 1);
    expect(ended(stage, channel, 0)).toBe('ok');
    expect(ours(stage)).toEqual([]);
    boundOn(stage, channel, 'rubble.com', 1);
    stage.relay.closed(channel);
    expect(ours(stage)).toEqual([]);
  });
});

describe('data of a relay', () => {
  const wilma = 'wilma@example.com';

  it('[3340 §4.4.4.1 step 1] [3340 §4.5.2 rule 3] [C2] is taken from originators of the domains that it is bound for', () => {
    const stage = new Stage();
    const at = stage.channel(stage.session('rubble.com'));
    expect(stage.send(at, 'barney@rubble.com', [wilma]).given).toEqual([537]);
    boundOn(stage, at.channel, 'rubble.com', 1);
    expect(stage.send(at, 'barney@rubble.com', [wilma]).given).toEqual(['ok']);
    expect(stage.send(at, 'slate@quarry.com', [wilma]).given).toEqual([537]);
  });

  it('[3340 §4.5.2 rule 3] [C2] is taken from others too if it is trusted, but never from ours', () => {
    const stage = new Stage();
    stage.trusted.add('rubble.com');
    const at = stage.channel(stage.session('rubble.com'));
    boundOn(stage, at.channel, 'rubble.com', 1);
    expect(stage.send(at, 'slate@quarry.com', [wilma]).given).toEqual(['ok']);
    expect(stage.send(at, 'fred@example.com', [wilma]).given).toEqual([537]);
    expect(stage.send(at, 'apex=presence@example.com', [wilma]).given).toEqual([537]);
  });

  it('[C2] is taken from the domain that we dialled without a bind', () => {
    const stage = new Stage();
    const facts = { role: 'initiator', secured: false, remoteAddress: 'test:1', localize: [] } as const;
    const at = stage.channel(new RelaySession(() => facts, 'dialled', 'rubble.com'));
    expect(stage.send(at, 'barney@rubble.com', [wilma]).given).toEqual(['ok']);
    expect(stage.send(at, 'slate@quarry.com', [wilma]).given).toEqual([537]);
    expect(stage.send(at, 'fred@example.com', [wilma]).given).toEqual([537]);
  });

  it('[3340 §4.5.2 rule 2] goes on to other domains without a look at who it is for: no access policy is applied', () => {
    const stage = new Stage();
    stage.verdicts.set('barney@rubble.com fred@example.com core:data', 'denied');
    const at = stage.attached('fred@example.com');
    stage.send(at, 'fred@example.com', ['barney@rubble.com', wilma]);
    expect(stage.forwarded.map(({ domain }) => domain)).toEqual(['rubble.com']);
    const relay = stage.channel(stage.session('slate.com'));
    boundOn(stage, relay.channel, 'slate.com', 1);
    stage.send(relay, 'mr@slate.com', ['barney@rubble.com']);
    expect(stage.forwarded.map(({ domain, originator }) => `${originator} ${domain}`)).toEqual([
      'fred@example.com rubble.com',
      'mr@slate.com rubble.com',
    ]);
  });

  it('[3342 §2] goes on with what is left of its time', () => {
    const stage = new Stage();
    const at = stage.attached('fred@example.com');
    stage.send(at, 'fred@example.com', ['barney@rubble.com']);
    const timing =
      "<option internal='dataTiming' targetHop='all' transID='86'><dataTiming noLaterThan='6000' /></option>";
    stage.send(at, 'fred@example.com', ['barney@rubble.com'], timing);
    expect(stage.forwarded.map(({ withinMs }) => withinMs)).toEqual([undefined, 6000]);
    const [, second] = stage.forwarded;
    expect(parseDataMessage(beepXml(second?.text.replace(/^[^<]*/s, '') ?? '')).data.options).toHaveLength(2);
  });
});
