import { actionAllowed, parent } from '@apex/protocol';
import type { Input } from '../../src/subject/input.ts';

/**
 * RFC 3343 §4 and the decisions about it, written down as plainly as can be: everything is looked
 * up by trying all of it, and every step copies all. Access entries name one originator each.
 */
export interface ModelOperation {
  readonly kind: 'subscribe' | 'watch';
  readonly subject: string;
  readonly originator: string;
  readonly transID: number;
  readonly duration: number;
  /** Monotonic milliseconds. */
  readonly due: number;
  /** Which decision began it. */
  readonly begun: number;
}

export interface ModelState {
  readonly operations: readonly ModelOperation[];
  /** lastUpdate and publisherInfo by endpoint; kept when an endpoint is removed. */
  readonly entries: Readonly<Record<string, { readonly lastUpdate: number; readonly info: string }>>;
  readonly provisioned: readonly string[];
  /** By `owner actor`; kept without actions when an entry is removed. */
  readonly access: Readonly<Record<string, ModelAccess>>;
}

export interface ModelAccess {
  readonly actions: readonly string[] | undefined;
  readonly lastUpdate: number;
}

export interface Verdict {
  readonly state: ModelState;
  readonly messages: readonly string[];
}

export interface Circumstances {
  readonly subject: string;
  readonly wall: number;
  readonly monotonic: number;
  /** The number of this decision. */
  readonly index: number;
  /** transIDs that waiting inputs hold, as `originator transID`. */
  readonly held: ReadonlySet<string>;
  /** The decision that began the operation with this generation. */
  readonly begunBy: (generation: number) => number | undefined;
}

export const emptyModel: ModelState = { operations: [], entries: {}, provisioned: [], access: {} };

export function judge(state: ModelState, input: Input, at: Circumstances): Verdict {
  const { subject } = at;
  const watchers = (of: ModelState): readonly ModelOperation[] =>
    of.operations.filter((operation) => operation.subject === subject && operation.kind === 'watch');
  const told = (of: ModelState, action: string, originator: string): string[] =>
    watchers(of).map(
      (watch) => `${short(watch.originator)} ${watch.transID}: notify ${action} ${short(originator)}`,
    );
  const without = (of: ModelState, gone: readonly ModelOperation[]): ModelState => ({
    ...of,
    operations: of.operations.filter((operation) => !gone.includes(operation)),
  });
  const ended = (of: ModelState, gone: readonly ModelOperation[], code: number): Verdict => {
    const after = without(of, gone);
    const subscriptions = gone.filter(({ kind }) => kind === 'subscribe');
    return {
      state: after,
      messages: [
        ...gone.map(({ originator, transID }) => `${short(originator)} ${transID}: terminate ${code}`),
        ...watchers(after).flatMap((watch) =>
          subscriptions.map(
            ({ originator }) =>
              `${short(watch.originator)} ${watch.transID}: notify terminate ${short(originator)}`,
          ),
        ),
      ],
    };
  };
  const disallowed = (of: ModelState): readonly ModelOperation[] =>
    ['watch', 'subscribe'].flatMap((kind) =>
      of.operations.filter(
        (operation) =>
          operation.subject === subject &&
          operation.kind === kind &&
          !allows(of, subject, operation.originator, `presence:${kind}`),
      ),
    );

  const withAccess = (of: ModelState, key: string, actions: readonly string[] | undefined): ModelState => {
    const lastUpdate = Math.max(at.wall, (of.access[key]?.lastUpdate ?? -1) + 1);
    return { ...of, access: { ...of.access, [key]: { actions, lastUpdate } } };
  };

  switch (input.kind) {
    case 'subscribe':
    case 'watch': {
      const answer = (code: number): string => `${short(input.originator)} ${input.transID}: reply ${code}`;
      if (!state.provisioned.includes(subject)) return { state, messages: [answer(550)] };
      if (!allows(state, subject, input.originator, `presence:${input.kind}`)) {
        return { state, messages: [answer(537)] };
      }
      const previous = state.operations.filter(
        ({ kind, originator, subject: on }) =>
          kind === input.kind && originator === input.originator && on === subject,
      );
      const rest = without(state, previous);
      const lost =
        input.kind === 'subscribe' && previous.length > 0 ? told(rest, 'terminate', input.originator) : [];
      const taken =
        at.held.has(`${input.originator} ${input.transID}`) ||
        rest.operations.some(
          ({ originator, transID }) => originator === input.originator && transID === input.transID,
        );
      if (taken) return { state: rest, messages: [answer(555), ...lost] };
      const lasts = input.durationSeconds > 0;
      const operation: ModelOperation = {
        kind: input.kind,
        subject,
        originator: input.originator,
        transID: input.transID,
        duration: input.durationSeconds,
        due: at.monotonic + input.durationSeconds * 1000,
        begun: at.index,
      };
      const after = lasts ? { ...rest, operations: [...rest.operations, operation] } : rest;
      if (input.kind === 'subscribe') {
        const entry = `${short(input.originator)} ${input.transID}: publish ${state.entries[subject]?.lastUpdate}`;
        const news = told(after, 'subscribe', input.originator).map(
          (line) => `${line} ${input.durationSeconds}`,
        );
        return { state: after, messages: [...(lasts ? [] : lost), entry, ...news] };
      }
      const subscriptions = after.operations.filter(
        ({ subject: on, kind }) => on === subject && kind === 'subscribe',
      );
      return {
        state: after,
        messages: [
          answer(250),
          ...subscriptions.map(
            ({ originator, duration }) =>
              `${short(input.originator)} ${input.transID}: notify subscribe ${short(originator)} ${duration}`,
          ),
        ],
      };
    }
    case 'publish': {
      const answer = (code: number): string => `${short(input.originator)} ${input.transID}: reply ${code}`;
      if (!state.provisioned.includes(subject)) return { state, messages: [answer(550)] };
      if (!allows(state, subject, input.originator, 'presence:publish'))
        return { state, messages: [answer(537)] };
      const previous = state.entries[subject]?.lastUpdate ?? 0;
      if (input.entry.lastUpdate !== previous) return { state, messages: [answer(555)] };
      const lastUpdate = Math.max(at.wall, previous + 1);
      const entries = { ...state.entries, [subject]: { lastUpdate, info: input.entry.publisherInfo } };
      const subscribers = state.operations.filter(
        ({ subject: on, kind }) => on === subject && kind === 'subscribe',
      );
      const fanOut = subscribers.map(
        ({ originator, transID }) => `${short(originator)} ${transID}: publish ${lastUpdate}`,
      );
      return { state: { ...state, entries }, messages: [answer(250), ...fanOut] };
    }
    case 'terminate': {
      const answer = (code: number): string => `${short(input.originator)} ${input.transID}: reply ${code}`;
      const own = state.operations.find(
        ({ originator, transID }) => originator === input.originator && transID === input.transID,
      );
      if (own === undefined) return { state, messages: [answer(550)] };
      if (own.subject !== subject)
        return { state, messages: ['a terminate goes to the subject of its operation'] };
      const after = without(state, [own]);
      const news = own.kind === 'subscribe' ? told(after, 'terminate', own.originator) : [];
      return { state: after, messages: [answer(250), ...news] };
    }
    case 'expire': {
      const own = state.operations.find(
        ({ originator, transID, begun }) =>
          originator === input.originator &&
          transID === input.transID &&
          begun === at.begunBy(input.generation),
      );
      if (own === undefined) return { state, messages: [] };
      if (own.due > at.monotonic) return { state, messages: ['an operation lasts for its duration'] };
      return ended(state, [own], 250);
    }
    case 'set-access': {
      if (!state.provisioned.includes(subject)) return { state, messages: [] };
      const key = `${input.access.owner} ${input.access.actor}`;
      if (input.access.actions === undefined && state.access[key]?.actions === undefined) {
        return { state, messages: [] };
      }
      const after = withAccess(state, key, input.access.actions);
      return ended(after, disallowed(after), 537);
    }
    case 'query':
    case 'get': {
      const { owner, actor } = input;
      const say = (what: string): Verdict => ({
        state,
        messages: [`${short(input.originator)} ${input.transID}: ${what}`],
      });
      if (!state.provisioned.includes(subject)) return say('reply 550');
      if (!allows(state, subject, input.originator, `access:${input.kind}`)) return say('reply 537');
      if (input.kind === 'query') {
        return say(input.actions.every((action) => allows(state, owner, actor, action)) ? 'allow' : 'deny');
      }
      const actions = state.access[`${owner} ${actor}`]?.actions;
      if (actions === undefined) return say('reply 551');
      return say(`set ${short(owner)} ${short(actor)} ${actions.join(' ')}`);
    }
    case 'set': {
      const { owner, actor, actions } = input.access;
      const key = `${owner} ${actor}`;
      const present = state.access[key];
      const answer = (code: number): string => `${short(input.originator)} ${input.transID}: reply ${code}`;
      if (!state.provisioned.includes(subject)) return { state, messages: [answer(550)] };
      if (!allows(state, subject, input.originator, 'access:set')) return { state, messages: [answer(537)] };
      if (present?.actions === undefined) {
        if (input.lastUpdate !== undefined) return { state, messages: [answer(555)] };
        if (actions === undefined) return { state, messages: [answer(551)] };
      } else if (input.lastUpdate?.ms !== present.lastUpdate) return { state, messages: [answer(555)] };
      const after = withAccess(state, key, actions);
      const notification = `${short(owner)} ${input.transID}: set ${short(owner)} ${short(actor)} ${actions?.join(' ') ?? '-'}`;
      const verdict = ended(after, disallowed(after), 537);
      return { state: verdict.state, messages: [answer(250), notification, ...verdict.messages] };
    }
    case 'provision': {
      if (state.provisioned.includes(subject)) return { state, messages: [] };
      const lastUpdate = Math.max(at.wall, (state.entries[subject]?.lastUpdate ?? -1) + 1);
      let granted = state;
      for (const { actor, actions } of input.provision.access) {
        granted = withAccess(granted, `${subject} ${actor}`, actions);
      }
      return {
        state: {
          ...granted,
          provisioned: [...state.provisioned, subject],
          entries: { ...state.entries, [subject]: { lastUpdate, info: '' } },
        },
        messages: [],
      };
    }
    case 'remove': {
      if (!state.provisioned.includes(subject)) return { state, messages: [] };
      const on = (kind: string): readonly ModelOperation[] =>
        state.operations.filter((operation) => operation.subject === subject && operation.kind === kind);
      const first = ended(state, on('subscribe'), 550);
      const second = ended(first.state, on('watch'), 550);
      return {
        state: {
          ...second.state,
          provisioned: state.provisioned.filter((endpoint) => endpoint !== subject),
          access: Object.fromEntries(
            Object.entries(state.access).map(([key, entry]) => [
              key,
              key.startsWith(`${subject} `) ? { ...entry, actions: undefined } : entry,
            ]),
          ),
        },
        messages: [...first.messages, ...second.messages, `${short(subject)}: detach 550`],
      };
    }
    case 'remove-originator': {
      const own = state.operations.filter(
        ({ originator, subject: on }) => on === subject && parent(originator) === input.endpoint,
      );
      return ended(state, own, 550);
    }
    case 'end-operation': {
      const own = state.operations.filter(
        ({ originator, transID, subject: on }) =>
          on === subject && originator === input.operation.originator && transID === input.operation.transID,
      );
      return ended(state, own, input.reason.code);
    }
    case 'set-credentials':
    case 'read':
      return { state, messages: [] };
    case 'import-presence':
    case 'import-access':
      throw new Error('imports have tests of their own');
  }
}

function allows(state: ModelState, owner: string, actor: string, action: string): boolean {
  const explicit = state.access[`${owner} ${actor}`]?.actions;
  return explicit === undefined ? actor === owner : actionAllowed(explicit, action);
}

function short(identity: string): string {
  return identity.replace('@example.com', '');
}
