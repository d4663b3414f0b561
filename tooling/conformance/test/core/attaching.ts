import type { Application } from '../../src/application.ts';
import type { Scene } from '../../src/scenes.ts';

/** RFC 3342 §1. */
export const override = "<option internal='attachOverride' transID='3' />";

/** An option that no relay understands, and that has to be understood (RFC 3340 §5). */
export const unknownOption =
  "<option external='http://example.com/options#unknown' mustUnderstand='true' transID='4' />";

/** A session authenticated as an endpoint, with an APEX channel on which nothing was attached. */
export async function unattached({ authenticated }: Scene, endpoint: string): Promise<Application> {
  const application = await authenticated(endpoint);
  await application.startApex();
  return application;
}
