/** What the person's role at this worker does not admit to: the button for it cannot be pressed, and why is said. The engine refuses it anyway. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { engineCalls, mayActAs, type EngineCallName, type Role } from '../../../src-contract/engine-calls.ts';
import { Mark } from '../../shared/marks.tsx';
import { texts } from '../../texts.ts';
import { useWorkerView } from '../state/services.ts';
import { isGone } from '../state/worker-view.ts';

const useStyles = makeStyles({
  note: {
    display: 'flex',
    alignItems: 'baseline',
    gap: '8px',
    margin: 0,
    color: tokens.colorNeutralForeground2,
    lineHeight: '20px',
    overflowWrap: 'anywhere',
  },
});

interface Lacking {
  held: Role;
  needed: Role;
}

/** undefined: the role suffices, or is not known; then the worker says what it thinks of it. */
export function useLackingRole(call: EngineCallName): Lacking | undefined {
  const { role } = useWorkerView();
  const needed = engineCalls[call].role;
  return role === null || mayActAs(role, needed) ? undefined : { held: role, needed };
}

/** Where a page or a card is about something that takes a role. Nothing, where the person has it. */
export function RoleNote({ call }: { call: EngineCallName }) {
  const styles = useStyles();
  const lacking = useLackingRole(call);
  if (lacking === undefined) return null;
  return (
    <p className={styles.note} role="note">
      <Mark name="off" size={11} />
      {texts.role.needs(lacking.needed, lacking.held)}
    </p>
  );
}

type RoleButtonProps = React.ComponentProps<typeof Button> & {
  /** What a press leads to. */
  call: EngineCallName;
};

/** Why the worker would not take a call: nobody is there to, or the role is too low. undefined: it may. */
export function useObstacle(call: EngineCallName): string | undefined {
  const view = useWorkerView();
  const lacking = useLackingRole(call);
  if (view.lost !== null && isGone(view)) return texts.role.nobodyThere(view.lost.title);
  return lacking === undefined ? undefined : texts.role.needs(lacking.needed, lacking.held);
}

/** Reached by the keyboard all the same: how else would it be told why. */
export function RoleButton({ call, ...button }: RoleButtonProps) {
  const obstacle = useObstacle(call);
  return obstacle === undefined ? <Button {...button} /> : <Button {...button} disabledFocusable title={obstacle} />;
}
