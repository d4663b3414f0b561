import type { AccessEntry } from '@apex/client';
import { type Application, type ApplicationOptions, withApplication } from '../application.ts';
import { AppError } from '../errors.ts';

/** `apex access …`: who may do what to an endpoint (RFC 3341). */
export interface AccessOptions extends ApplicationOptions {
  /** Whose entries; default: those of who one is. */
  readonly owner?: string;
}

/** Whether somebody may do all of some actions. */
export function query(actor: string, actions: string[], options: AccessOptions): Promise<void> {
  return within(options, async ({ client, print }, owner) => {
    const allowed = await client.access.query(actor, actions, owner);
    print({ event: 'verdict', actor, actions, allowed });
  });
}

export function get(actor: string, options: AccessOptions): Promise<void> {
  return within(options, async ({ client, print }, owner) => {
    const entry = await client.access.get(actor, owner);
    if (entry === undefined) throw noEntry(actor);
    print({ event: 'access', entry });
  });
}

export function set(actor: string, actions: string[], options: AccessOptions): Promise<void> {
  return changing(options, actor, async ({ client }, owner) => {
    await client.access.set(actor, actions, owner);
    return [actor];
  });
}

export function remove(actor: string, options: AccessOptions): Promise<void> {
  return changing(options, actor, async ({ client }, owner) => {
    if (!(await client.access.remove(actor, owner))) throw noEntry(actor);
    return [actor];
  });
}

export function allow(who: string, options: AccessOptions & { readonly actions?: string[] }): Promise<void> {
  const { actions } = options;
  return changing(options, who, ({ client }, owner) =>
    client.access.allow(who, actions === undefined ? owner : { ...owner, actions }),
  );
}

export function deny(who: string, options: AccessOptions): Promise<void> {
  return changing(options, who, ({ client }, owner) => client.access.deny(who, owner));
}

export function appearOffline(who: string, options: AccessOptions): Promise<void> {
  return changing(options, who, ({ client }, owner) => client.access.appearOffline(who, owner));
}

export function forget(who: string, options: AccessOptions): Promise<void> {
  return changing(options, who, ({ client }, owner) => client.access.forget(who, owner));
}

type Owner = { readonly owner?: string };

function within(
  options: AccessOptions,
  run: (application: Application, owner: Owner) => Promise<void>,
): Promise<void> {
  const { owner } = options;
  return withApplication({ ...options, lasts: false }, (application) =>
    run(application, owner === undefined ? {} : { owner }),
  );
}

/** Makes a change of the entries of some actors, and shows what they are afterwards. */
function changing(
  options: AccessOptions,
  who: string,
  change: (application: Application, owner: Owner) => Promise<readonly string[]>,
): Promise<void> {
  return within(options, async (application, owner) => {
    const actors = await change(application, owner);
    const { client, print } = application;
    const entries: AccessEntry[] = [];
    for (const actor of actors) {
      const entry = await client.access.get(actor, owner);
      if (entry !== undefined) entries.push(entry);
    }
    for (const entry of entries) print({ event: 'access', entry });
    if (entries.length === 0) print({ event: 'no-access', actor: who });
  });
}

function noEntry(actor: string): AppError {
  return new AppError(
    'access.none',
    `there is no access entry with the actor ${actor}; actors are compared as they were written`,
    1,
  );
}
