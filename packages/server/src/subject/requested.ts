import { domainOf, isSubaddress, parent } from '@apex/protocol';
import type { SubjectLimitName } from '../figures/limit-name.ts';
import type { Context, Decision } from './decision.ts';
import type { OperationInput, SubscribeInput, WatchInput } from './input.ts';
import type { Operation } from './operation.ts';
import type { SubjectState } from './state.ts';

/**
 * The checks with which the operations of all services begin alike: the subject's domain, the subject
 * itself, the originator's access. `subject` is the endpoint, or for the access service the owner that
 * may be a subaddress of it. False when the operation was refused.
 */
export function isAdmitted(
  state: SubjectState,
  input: OperationInput,
  action: string,
  decision: Decision,
  subject = state.endpoint,
): boolean {
  // 3343 §4.2 step 1, 3343 §4.3 step 1, 3343 §4.4 step 2
  // 3341 §4.2 step 1, 3341 §4.3 step 1, 3341 §4.4 step 1
  if (domainOf(subject) !== domainOf(input.service)) {
    decision.refuse(input, 553, `${subject} is outside of this administrative domain`);
    return false;
  }
  // 3343 §4.2 step 2, 3343 §4.3 step 2, 3343 §4.4 step 3, P6: a subject has no subaddress
  // 3341 §4.2 step 2, 3341 §4.3 step 2, 3341 §4.4 step 2
  if (!state.exists || isSubaddress(state.endpoint)) {
    decision.refuse(input, 550, `${subject} is not a valid endpoint`);
    return false;
  }
  // 3343 §4.2 step 3, 3343 §4.3 step 3, 3343 §4.4 step 4
  // 3341 §4.2 step 3, 3341 §4.3 step 3, 3341 §4.4 step 3, A3
  if (!state.access.allows(subject, input.originator, action)) {
    decision.refuse(input, 537, `${action} on ${subject} is not allowed`);
    return false;
  }
  return true;
}

/** The check of the transID with which 3343 §4.2 and §4.3 go on, then P11. False when the operation was refused. */
export function isFree(
  state: SubjectState,
  input: SubscribeInput | WatchInput,
  context: Context,
  decision: Decision,
): boolean {
  // 3343 §4.2 step 5, 3343 §4.3 step 5
  if (!context.transactions.isFree(input.originator, input.transID)) {
    decision.refuse(input, 555, `transID ${input.transID} refers to an operation in progress`);
    return false;
  }
  if (input.durationSeconds === 0) return true;
  const { limits } = context;
  const { operations, operationsLimit } = limitsOf(input.originator, context);
  // P11
  if (context.transactions.count(input.originator) >= operations) {
    decision.refuse(
      input,
      554,
      `an originator may have ${operations} operations in progress`,
      operationsLimit,
    );
    return false;
  }
  // P11
  if (state.count(input.kind) >= limits.subscribersPerPublisher) {
    decision.refuse(
      input,
      554,
      `a subject may have ${limits.subscribersPerPublisher} operations of a kind in progress`,
      'subscribersPerPublisher',
    );
    return false;
  }
  return true;
}

/** The operation that lasts from now on; its end is capped (P7). */
export function beginOperation(
  state: SubjectState,
  input: SubscribeInput | WatchInput,
  context: Context,
  decision: Decision,
): Operation {
  // P7
  const lastsMs = Math.min(input.durationSeconds, limitsOf(input.originator, context).durationSeconds) * 1000;
  const { kind, originator, transID, durationSeconds } = input;
  const operation = context.transactions.create(
    { subject: state.endpoint, kind, originator, transID, durationSeconds, deadline: context.now + lastsMs },
    context.monotonic + lastsMs,
  );
  decision.begin(state, operation, context);
  return operation;
}

function limitsOf(
  originator: string,
  { limits, guest }: Context,
): {
  readonly operations: number;
  readonly operationsLimit: SubjectLimitName;
  readonly durationSeconds: number;
} {
  const isGuest = guest !== undefined && parent(originator) === guest;
  return isGuest
    ? {
        operations: limits.operationsPerGuest,
        operationsLimit: 'operationsPerGuest',
        durationSeconds: limits.guestDurationSeconds,
      }
    : {
        operations: limits.operationsPerOriginator,
        operationsLimit: 'operationsPerOriginator',
        durationSeconds: limits.durationSeconds,
      };
}
