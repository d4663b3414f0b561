import { useState } from 'react';
import { announce } from '../parts/announcer.tsx';
import { FailureNotice } from '../parts/notice.tsx';
import { Term } from '../parts/term.tsx';
import { type AccessOf, useAccessOf } from '../session/access-of.ts';
import { useSignedIn } from '../session/react.tsx';
import { actionsWords, actorWords } from '../words/access.ts';

/** The presets of RFC 3341 entries, as `client.access` has them. */
const presets = {
  allow: { label: 'Allow', done: 'may see your presence and send you messages' },
  deny: { label: 'Deny', done: 'may do nothing' },
  appearOffline: { label: 'Hide', done: 'may send you messages, and sees your presence no longer' },
  forget: { label: 'Forget', done: 'has no entry any more; what counts for everybody counts' },
} as const;

type Preset = keyof typeof presets;

/** What somebody may do, in plain words, and one click to change it. `who` is an actor: a person, or a wildcard. */
export function AccessPanel({ who }: { readonly who: string }) {
  const { client } = useSignedIn();
  const { state, reload } = useAccessOf(who);
  const [busy, setBusy] = useState<Preset>();
  const [failure, setFailure] = useState<unknown>();
  const name = actorWords(who);
  const apply = async (preset: Preset): Promise<void> => {
    if (busy !== undefined) return;
    setBusy(preset);
    setFailure(undefined);
    try {
      await client.access[preset](who);
      announce(`${name} ${presets[preset].done}`);
    } catch (error) {
      setFailure(error);
    }
    await reload();
    setBusy(undefined);
  };
  const button = (preset: Preset, className: string) => (
    <button
      type="button"
      className={className}
      aria-disabled={busy !== undefined}
      onClick={() => void apply(preset)}
    >
      {presets[preset].label}
      <span className="visually-hidden">
        {preset === 'appearOffline' ? ' your presence from ' : ' '}
        {name}
      </span>
    </button>
  );
  return (
    <div className="access">
      {state.kind === 'loading' && <p className="fine">Looking up what {name} may do …</p>}
      {state.kind === 'refused' && <FailureNotice error={state.error} attempt="access" />}
      {state.kind === 'present' && <AccessWords who={who} access={state.access} />}
      <div className="row">
        {button('allow', '')}
        {button('deny', 'danger')}
        {button('appearOffline', 'quiet')}
        {button('forget', 'quiet')}
      </div>
      {failure !== undefined && <FailureNotice error={failure} attempt="access" />}
    </div>
  );
}

function AccessWords({ who, access }: { readonly who: string; readonly access: AccessOf }) {
  const { maySubscribe, maySend, entries } = access;
  return (
    <>
      {maySubscribe !== undefined && maySend !== undefined && (
        <p className="may">
          <span className={maySubscribe ? 'verdict yes' : 'verdict no'}>
            {maySubscribe ? 'may see you' : 'may not see you'}
          </span>
          <span className={maySend ? 'verdict yes' : 'verdict no'}>
            {maySend ? 'may write to you' : 'may not write to you'}
          </span>
        </p>
      )}
      {entries.length === 0 ? (
        <p className="fine">
          You have set nothing for {actorWords(who)}: what counts for everybody counts.{' '}
          <Term>no access entry</Term>
        </p>
      ) : (
        <details>
          <summary>
            {entries.length === 1 ? '1 access entry' : `${entries.length} access entries`}
            <span className="visually-hidden"> for {actorWords(who)}</span>
          </summary>
          <ul className="plain entries">
            {entries.map(({ actor, actions = [] }) => (
              <li key={actor}>
                {actorWords(actor)} {actionsWords(actions)}
                <br />
                <Term>
                  {actor}: {actions.join(' ')}
                </Term>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
