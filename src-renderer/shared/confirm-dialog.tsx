/** Asks before something that cannot be undone: says what is lost, and its safe answer has the focus. */
import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  makeStyles,
} from '@fluentui/react-components';
import { useEffect, useId, useLayoutEffect } from 'react';

const useStyles = makeStyles({ button: { whiteSpace: 'nowrap' } });

interface ConfirmDialogProps {
  open: boolean;
  title: string;
  children: React.ReactNode;
  /** The answer that does it. */
  doIt: string;
  /** The answer that changes nothing. */
  leaveIt: string;
  pending?: boolean;
  disabled?: boolean;
  onDo: () => void;
  onLeave: () => void;
}

/**
 * Taken away at once when it is answered: while Fluent's dialog fades out, the page behind it is hidden from screen readers, and stays
 * so when the page changes meanwhile (9.74).
 */
export function ConfirmDialog(props: ConfirmDialogProps) {
  return props.open ? <OpenDialog {...props} /> : null;
}

function OpenDialog({ title, children, doIt, leaveIt, pending, disabled, onDo, onLeave }: ConfirmDialogProps) {
  const styles = useStyles();
  const safeId = useId();
  // Whoever asked has the focus again afterwards. Before effects: by then Fluent has moved it.
  useLayoutEffect(() => {
    const before = document.activeElement;
    return () => {
      if (before instanceof HTMLElement && before.isConnected) requestAnimationFrame(() => before.focus());
    };
  }, []);
  // Fluent focuses the first thing that can be; a dialog with fields would put it there, this one wants the safe answer.
  useEffect(() => {
    const frame = requestAnimationFrame(() => document.getElementById(safeId)?.focus());
    return () => cancelAnimationFrame(frame);
  }, [safeId]);
  return (
    <Dialog open modalType="alert" onOpenChange={(_event, { open: wanted }) => !wanted && onLeave()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent>{children}</DialogContent>
          <DialogActions>
            <Button id={safeId} className={styles.button} appearance="secondary" onClick={onLeave}>
              {leaveIt}
            </Button>
            <Button
              className={styles.button}
              appearance="primary"
              disabled={pending === true || disabled === true}
              onClick={onDo}
            >
              {doIt}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
