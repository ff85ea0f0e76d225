/**
 * The frame of something that is done in steps: which there are and where we are, the step itself, and the way on and back. A step that
 * was passed is gone back to by its name. A new step is read from its heading, or begins at the field that is wrong.
 */
import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components';
import { Checkmark16Filled } from '@fluentui/react-icons/svg/checkmark';
import { useEffect, useRef } from 'react';
import { texts } from '../../texts.ts';
import type { StepState } from './wizard-steps.ts';

/** The steps stand above then: beside them a command or an endpoint would have no room. */
const narrow = '@media (max-width: 980px)';
const useStyles = makeStyles({
  frame: {
    display: 'grid',
    gridTemplateColumns: '196px minmax(0, 720px)',
    gap: '24px',
    alignItems: 'start',
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)', gap: '12px' },
  },
  steps: {
    listStyleType: 'none',
    margin: 0,
    padding: 0,
    display: 'flex',
    flexDirection: 'column',
    gap: '4px',
    [narrow]: { flexDirection: 'row', flexWrap: 'wrap', columnGap: '12px' },
  },
  step: {
    display: 'flex',
    alignItems: 'center',
    gap: '10px',
    minHeight: '32px',
    padding: '2px 8px 2px 4px',
    boxSizing: 'border-box',
    width: '100%',
    border: '1px solid transparent',
    borderRadius: '6px',
    background: 'none',
    color: tokens.colorNeutralForeground1,
    fontFamily: 'inherit',
    fontSize: 'inherit',
    textAlign: 'left',
    [narrow]: { width: 'auto', gap: '6px' },
  },
  pressed: {
    cursor: 'pointer',
    ':hover': { backgroundColor: tokens.colorNeutralBackground3Hover },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-2px' },
  },
  current: { fontWeight: tokens.fontWeightSemibold },
  later: { color: tokens.colorNeutralForeground3 },
  sign: {
    width: '22px',
    height: '22px',
    flexShrink: 0,
    boxSizing: 'border-box',
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'center',
    borderRadius: '11px',
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    fontSize: tokens.fontSizeBase200,
    fontVariantNumeric: 'tabular-nums',
  },
  signDone: {
    border: '1px solid transparent',
    color: tokens.colorStatusSuccessForeground1,
    backgroundColor: tokens.colorStatusSuccessBackground1,
  },
  signCurrent: {
    border: `1px solid ${tokens.colorBrandForeground1}`,
    color: tokens.colorBrandForeground1,
    fontWeight: tokens.fontWeightSemibold,
  },
  signFailed: {
    border: '1px solid transparent',
    color: tokens.colorStatusDangerForeground1,
    backgroundColor: tokens.colorStatusDangerBackground1,
    fontWeight: tokens.fontWeightSemibold,
  },
  body: { display: 'flex', flexDirection: 'column', gap: '16px', minWidth: 0 },
  heading: {
    margin: 0,
    fontSize: tokens.fontSizeBase400,
    lineHeight: '24px',
    fontWeight: tokens.fontWeightSemibold,
    outlineStyle: 'none',
  },
  content: { display: 'flex', flexDirection: 'column', gap: '16px', minWidth: 0 },
  foot: {
    display: 'flex',
    flexWrap: 'wrap',
    justifyContent: 'flex-end',
    gap: '8px',
    paddingTop: '16px',
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
  },
  outOfSight: { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' },
});

export interface ShownWizardStep<Name extends string> {
  name: Name;
  title: string;
  state: StepState;
}

/** Another one each time that somebody is led there: `field` by its name, or null for the step's heading. */
export interface WizardPlace<Name extends string> {
  step: Name;
  field: string | null;
}

interface WizardFrameProps<Name extends string> {
  steps: readonly ShownWizardStep<Name>[];
  at: WizardPlace<Name>;
  /** What stands over the step; its title where none is given. */
  heading?: string;
  /** Undefined: there is no way back to a step that was passed. */
  onBackTo: ((name: Name) => void) | undefined;
  /** Enter in a field, and the button that is of type submit. */
  onSubmit: () => void;
  foot: React.ReactNode;
  children: React.ReactNode;
}

export function WizardFrame<Name extends string>(props: WizardFrameProps<Name>) {
  const styles = useStyles();
  const { steps, at, heading, onBackTo, onSubmit, foot, children } = props;
  const body = useRef<HTMLFormElement>(null);
  usePlaceFocus(body, at);
  const title = heading ?? steps.find(({ name }) => name === at.step)?.title ?? '';
  return (
    <div className={styles.frame}>
      <nav aria-label={texts.wizard.steps}>
        <ol className={styles.steps}>
          {steps.map((step, index) => (
            <li key={step.name}>
              <RailStep
                step={step}
                number={index + 1}
                onPress={step.state === 'done' && onBackTo !== undefined ? () => onBackTo(step.name) : undefined}
                isCurrent={step.name === at.step}
              />
            </li>
          ))}
        </ol>
      </nav>
      <form
        ref={body}
        className={styles.body}
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit();
        }}
        noValidate
        autoComplete="off"
        aria-labelledby="wizard-heading"
        data-step={at.step}
      >
        <h2 className={styles.heading} id="wizard-heading" tabIndex={-1}>
          {title}
        </h2>
        <div className={styles.content}>{children}</div>
        <div className={styles.foot}>{foot}</div>
      </form>
    </div>
  );
}

/** The first step keeps the focus where the page put it. */
function usePlaceFocus(body: React.RefObject<HTMLFormElement | null>, at: WizardPlace<string>): void {
  const shown = useRef(at);
  useEffect(() => {
    if (shown.current === at) return;
    shown.current = at;
    const input = at.field === null ? null : body.current?.querySelector<HTMLInputElement>(`[name="${at.field}"]`);
    if (input instanceof HTMLInputElement) {
      input.focus();
      input.select();
    } else body.current?.querySelector('h2')?.focus();
  }, [body, at]);
}

interface RailStepProps {
  step: ShownWizardStep<string>;
  number: number;
  isCurrent: boolean;
  onPress: (() => void) | undefined;
}

function RailStep({ step, number, isCurrent, onPress }: RailStepProps) {
  const styles = useStyles();
  const { title, state } = step;
  const look = mergeClasses(
    styles.step,
    isCurrent && styles.current,
    state === 'later' && styles.later,
    onPress !== undefined && styles.pressed,
  );
  const inside = (
    <>
      <span
        className={mergeClasses(
          styles.sign,
          state === 'done' && styles.signDone,
          state === 'current' && styles.signCurrent,
          state === 'failed' && styles.signFailed,
        )}
        aria-hidden
      >
        {state === 'done' ? <Checkmark16Filled /> : state === 'failed' ? '!' : number}
      </span>
      <span>{title}</span>
      <span className={styles.outOfSight}>{`, ${texts.wizard.states[state]}`}</span>
    </>
  );
  const attributes = { className: look, 'data-state': state, 'aria-current': isCurrent ? ('step' as const) : undefined };
  return onPress === undefined ? (
    <div {...attributes}>{inside}</div>
  ) : (
    <button type="button" {...attributes} onClick={onPress}>
      {inside}
    </button>
  );
}
