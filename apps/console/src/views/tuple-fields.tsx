import { useId } from 'react';
import { Field } from '../parts/field.tsx';
import { Term } from '../parts/term.tsx';
import { type DraftTuple, localOf, newId, type Problems, type Until } from '../session/draft.ts';

interface TupleFieldsProps {
  readonly tuple: DraftTuple;
  readonly number: number;
  readonly problems: Problems;
  readonly onChange: (tuple: DraftTuple) => void;
  /** Absent for the only one. */
  readonly onRemove: (() => void) | undefined;
}

/** Usual spans, in minutes. */
const SPANS = [
  [15, '15 minutes'],
  [60, '1 hour'],
  [240, '4 hours'],
  [480, '8 hours'],
] as const;

/** One place at which the person can be reached. */
export function TupleFields({ tuple, number, problems, onChange, onRemove }: TupleFieldsProps) {
  const set = (part: Partial<DraftTuple>): void => onChange({ ...tuple, ...part });
  return (
    <fieldset className="tuple-fields">
      <legend>
        Place {number} <Term>tuple</Term>
      </legend>
      <Field
        label={
          <>
            Where <Term>destination</Term>
          </>
        }
        hint="A URI, such as mailto:fred@example.com, tel:+431234567 or apex:fred@example.com for messages."
        inputMode="url"
        autoCapitalize="none"
        spellCheck={false}
        value={tuple.destination}
        problem={problems.get(`destination ${tuple.id}`)}
        onChange={(event) => set({ destination: event.target.value })}
      />
      <UntilFields
        until={tuple.until}
        problem={problems.get(`until ${tuple.id}`)}
        onChange={(until) => set({ until })}
      />
      <details open={tuple.tupleInfo !== '' || tuple.capabilities.length > 0 ? true : undefined}>
        <summary>More about this place</summary>
        <div className="stack">
          <Field
            label={
              <>
                A page about it <Term>tupleInfo</Term>
              </>
            }
            inputMode="url"
            value={tuple.tupleInfo}
            problem={problems.get(`tupleInfo ${tuple.id}`)}
            onChange={(event) => set({ tupleInfo: event.target.value })}
          />
          <Capabilities tuple={tuple} number={number} problems={problems} set={set} />
        </div>
      </details>
      {onRemove !== undefined && (
        <button type="button" className="quiet start" onClick={onRemove}>
          Remove place {number}
        </button>
      )}
    </fieldset>
  );
}

interface UntilFieldsProps {
  readonly until: Until;
  readonly problem: string | undefined;
  readonly onChange: (until: Until) => void;
}

function UntilFields({ until, problem, onChange }: UntilFieldsProps) {
  const id = useId();
  const value = until.kind === 'at' ? 'at' : String(until.minutes);
  return (
    <div className="until">
      <div className="field">
        <label htmlFor={id}>
          Until <Term>availableUntil</Term>
        </label>
        <select
          id={id}
          value={value}
          onChange={({ target }) =>
            onChange(
              target.value === 'at'
                ? { kind: 'at', local: localOf(Date.now() + 60 * 60_000) }
                : { kind: 'for', minutes: Number(target.value) },
            )
          }
        >
          {SPANS.map(([minutes, words]) => (
            <option key={minutes} value={minutes}>
              in {words}
            </option>
          ))}
          <option value="at">a time of the day …</option>
        </select>
      </div>
      {until.kind === 'at' && (
        <Field
          label="Day and time"
          type="datetime-local"
          value={until.local}
          problem={problem}
          onChange={(event) => onChange({ kind: 'at', local: event.target.value })}
        />
      )}
    </div>
  );
}

interface CapabilitiesProps {
  readonly tuple: DraftTuple;
  readonly number: number;
  readonly problems: Problems;
  readonly set: (part: Partial<DraftTuple>) => void;
}

/** What can be done there, in the words of whoever owns the baseline. */
function Capabilities({ tuple, number, problems, set }: CapabilitiesProps) {
  const { capabilities } = tuple;
  return (
    <div className="stack">
      <p className="label">
        What can be done there <Term>capability</Term>
      </p>
      {capabilities.map((capability, index) => {
        const change = (part: Partial<typeof capability>): void =>
          set({
            capabilities: capabilities.map((each) =>
              each.id === capability.id ? { ...each, ...part } : each,
            ),
          });
        return (
          <fieldset key={capability.id} className="capability-fields">
            <legend className="visually-hidden">
              Capability {index + 1} of place {number}
            </legend>
            <Field
              label={
                <>
                  Language <Term>baseline</Term>
                </>
              }
              placeholder="urn:x:mood"
              value={capability.baseline}
              problem={problems.get(`baseline ${capability.id}`)}
              onChange={(event) => change({ baseline: event.target.value })}
            />
            <Field
              label="Value"
              value={capability.value}
              onChange={(event) => change({ value: event.target.value })}
            />
            <button
              type="button"
              className="quiet start"
              onClick={() => set({ capabilities: capabilities.filter((each) => each.id !== capability.id) })}
            >
              Remove<span className="visually-hidden"> capability {index + 1}</span>
            </button>
          </fieldset>
        );
      })}
      <button
        type="button"
        className="quiet start"
        onClick={() => set({ capabilities: [...capabilities, { id: newId(), baseline: '', value: '' }] })}
      >
        Add a capability
      </button>
    </div>
  );
}
