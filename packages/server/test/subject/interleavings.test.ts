import { parent } from '@apex/protocol';
import fc from 'fast-check';
import { it } from 'vitest';
import { FRED, SERVICE, WILMA } from './desk.ts';
import { turns } from './house.ts';
import { ORIGINATORS, SUBJECTS, Trial } from './trial.ts';

/*
 * Invariants, for any interleaving of operations, expiries, revocations, removals, attachments and
 * of a store that is slow and fails:
 *
 *  1. Each decision is what the naive model says, in the order in which decisions are made; those of
 *     a failed batch, and those behind it, have never happened.
 *  2. Nothing leaves before it and all decided before it is durable, and what leaves of one subject
 *     leaves whole, once, and in the order of the decisions.
 *  3. Each operation is answered once: by its decision, or by 451 when its batch or a load failed.
 *  4. Nothing is sent to an operation once its end has left; each subscriber sees lastUpdate grow.
 *  5. When all is quiet, memory, store and model agree, no time that passed is overlooked, and who
 *     subscribed since it attached has the current entry.
 */

const ALLOWED = ['presence:subscribe', 'presence:watch', 'presence:publish', 'access:set', 'access:get'];

const originator = fc.constantFrom(...ORIGINATORS);
const subject = fc.constantFrom(...SUBJECTS);
const transID = fc.integer({ min: 1, max: 3 });
const duration = fc.constantFrom(0, 5, 20, 1000);

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('subscribe' as const), originator, subject, transID, duration }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('watch' as const), originator, subject, transID, duration }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      originator,
      subject,
      transID,
      stale: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('terminate' as const), originator, transID }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 5000, 20_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('access' as const),
      originator,
      subject,
      actions: fc.constantFrom(undefined, ['presence:watch'], ['presence:subscribe'], ALLOWED, ['all:none']),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('set' as const),
      originator,
      subject,
      actor: originator,
      transID,
      actions: fc.constantFrom(undefined, ['presence:watch'], ALLOWED, ['all:none']),
      stale: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('get' as const, 'query' as const),
      originator,
      subject,
      actor: originator,
      transID,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), subject }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('provision' as const), subject }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove-originator' as const), originator, subject }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('end-operation' as const), originator, transID, subject }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('attach' as const), originator }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('detach' as const), originator }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stall' as const), originator, subject }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('renew' as const), nth: fc.nat(5), duration }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hold' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('release' as const), count: fc.constantFrom(1, 2, 1000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fail' as const),
      kind: fc.constantFrom('commit' as const, 'commit' as const, 'load' as const),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('turn' as const), count: fc.integer({ min: 1, max: 6 }) }),
  },
);

type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

const everything = [WILMA, FRED, 'wilma/im@example.com'].map((actor) => ({ actor, actions: ALLOWED }));
const answer = (): void => {};
const ACCESS_SERVICE = 'apex=access@example.com';

async function perform(trial: Trial, step: Command): Promise<void> {
  switch (step.do) {
    case 'subscribe':
    case 'watch':
      return trial.ask(step.subject, {
        kind: step.do,
        service: SERVICE,
        originator: step.originator,
        transID: step.transID,
        durationSeconds: step.duration,
      });
    case 'publish': {
      const lastUpdate = (trial.model.entries[step.subject]?.lastUpdate ?? 0) - (step.stale ? 1 : 0);
      const info = `http://x.example/${trial.asked.length}`;
      const entry = {
        publisher: step.subject,
        lastUpdate,
        publisherInfo: info,
        tuplesXml: '<tuple />',
        tupleCount: 1,
        capabilityOctets: 0,
      };
      const { originator, transID } = step;
      return trial.ask(step.subject, { kind: 'publish', service: SERVICE, originator, transID, entry });
    }
    case 'terminate':
      return trial.ask('', {
        kind: 'terminate',
        service: SERVICE,
        originator: step.originator,
        transID: step.transID,
      });
    case 'advance':
      return trial.clock.advance(step.ms);
    case 'access': {
      const access = { owner: step.subject, actor: step.originator, actions: step.actions };
      return trial.administer(step.subject, { kind: 'set-access', access, answer });
    }
    case 'set': {
      const { subject: owner, actor, actions, originator, transID } = step;
      const present = trial.model.access[`${owner} ${actor}`];
      const ms = present?.actions === undefined ? undefined : present.lastUpdate - (step.stale ? 1 : 0);
      return trial.ask(owner, {
        kind: 'set',
        service: ACCESS_SERVICE,
        originator,
        transID,
        access: { owner, actor, actions },
        ...(ms === undefined ? {} : { lastUpdate: { ms } }),
      });
    }
    case 'get':
    case 'query': {
      const { subject: owner, actor, originator, transID } = step;
      const asked = { service: ACCESS_SERVICE, originator, transID, owner, actor };
      return trial.ask(
        owner,
        step.do === 'get'
          ? { kind: 'get', ...asked }
          : { kind: 'query', ...asked, actions: ['presence:subscribe', 'access:set'] },
      );
    }
    case 'remove':
      return trial.administer(step.subject, { kind: 'remove', answer });
    case 'provision': {
      const access = everything.filter(({ actor }) => actor !== step.subject);
      return trial.administer(step.subject, { kind: 'provision', provision: { access }, answer });
    }
    case 'remove-originator':
      return trial.administer(step.subject, {
        kind: 'remove-originator',
        endpoint: parent(step.originator),
        answer,
      });
    case 'end-operation':
      return trial.administer(step.subject, {
        kind: 'end-operation',
        operation: { originator: step.originator, transID: step.transID },
        reason: { code: 554, text: '' },
        answer,
      });
    case 'attach':
      trial.attached.add(step.originator);
      return;
    case 'detach':
      trial.attached.delete(step.originator);
      for (const key of trial.views.keys())
        if (key.startsWith(`${step.originator} `)) trial.views.delete(key);
      return;
    case 'hold':
      return trial.faulty.hold();
    case 'release':
      return trial.faulty.release(step.count);
    case 'fail':
      trial.failures[step.kind] += 1;
      return;
    case 'renew': {
      // P9: an operation in progress is asked for again, under its transID
      const known = trial.model.operations[step.nth % Math.max(1, trial.model.operations.length)];
      return known === undefined ? undefined : perform(trial, { ...known, ...step, do: known.kind });
    }
    case 'stall': {
      // A batch fails, and the records of its subjects are not read again before a release.
      trial.failures.commit += 1;
      trial.faulty.hold();
      await perform(trial, { ...step, do: 'publish', transID: 9, stale: false });
      await turns(2);
      trial.faulty.release(1);
      return turns(6);
    }
    case 'turn':
      return turns(step.count);
  }
}

it('[P10] [P4] [P5] [A5] holds its invariants in every interleaving', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 100, size: 'max' }), async (steps) => {
      const trial = new Trial();
      await trial.owner.start();
      for (const endpoint of SUBJECTS) await perform(trial, { do: 'provision', subject: endpoint });
      await trial.owner.idle();
      for (const step of steps) await perform(trial, step);
      await trial.settles();
      await trial.owner.stop();
    }),
    { numRuns: 400 },
  );
});
