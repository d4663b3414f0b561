import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '@apex/fuzz/random';
import type { Model } from '../model.ts';
import type { Place } from '../visitor.ts';

/** What all who put load on a server have. */
export interface Stage {
  readonly place: Place;
  readonly model: Model;
  readonly publishers: readonly string[];
  /** Those whose rights change. */
  readonly subscribers: readonly string[];
}

/** Somebody who comes, does things by chance until told to stop, and goes. */
export interface Actor {
  enter(): Promise<void>;
  /** One thing. */
  act(): Promise<void>;
  /** Leaves nothing behind; with `isLast` all subscriptions and watches stay in progress. */
  leave(isLast: boolean): Promise<void>;
}

/** Lets an actor act until the signal; resolves when it has stopped. What goes wrong is a violation. */
export async function play(actor: Actor, random: Random, stage: Stage, signal: AbortSignal): Promise<void> {
  try {
    while (!signal.aborted) {
      await actor.act();
      await pause(random.below(40));
    }
  } catch (error) {
    stage.model.violation(`${actor.constructor.name}: ${(error as Error).stack}`);
  }
}
