/** Asks for the token of the service, once, and says plainly what becomes of it. */
import { Button, makeStyles, tokens } from '@fluentui/react-components';
import { useRef, useState } from 'react';
import type { ServiceAccessView } from '../../../../src-contract/service-desk.ts';
import { useAction } from '../../../shared/call.ts';
import { Card } from '../../../shared/card.tsx';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { SecretField } from '../../parts/fields.tsx';
import { useServices } from '../../state/services.ts';

const words = texts.start.token;
const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: '16px', maxWidth: '720px' },
  fields: { display: 'flex', flexDirection: 'column', gap: '12px' },
  text: { margin: 0, color: tokens.colorNeutralForeground2, maxWidth: '70ch', lineHeight: '20px' },
  actions: { display: 'flex', gap: '8px' },
});

interface TokenFormProps {
  access: ServiceAccessView;
  onKept: (access: ServiceAccessView) => void;
  /** Undefined: there is no other token to go on with. */
  onCancel: (() => void) | undefined;
}

export function TokenForm({ access, onKept, onCancel }: TokenFormProps) {
  const styles = useStyles();
  const { bridge } = useServices();
  const [form, setForm] = useState({ token: '' });
  const [mistakes, setMistakes] = useState<{ token?: string | undefined }>({});
  const keep = useAction((token: string) => bridge.shell('service:keep-token', { token }));
  const fields = useRef<HTMLDivElement>(null);
  const submit = async (): Promise<void> => {
    const token = form.token.trim();
    if (token === '') {
      setMistakes({ token: words.missing });
      fields.current?.querySelector('input')?.focus();
      return;
    }
    const kept = await keep.run(token);
    if (kept !== undefined) onKept(kept);
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
      noValidate
      autoComplete="off"
    >
      <Card>
        <div ref={fields} className={styles.fields}>
          <SecretField
            form={form}
            mistakes={mistakes}
            change={(_name, token) => {
              setMistakes({});
              setForm({ token });
            }}
            name="token"
            words={words}
          />
          <p className={styles.text}>{words.wouldKeep[access.wouldKeep]}</p>
        </div>
      </Card>
      <div className={styles.actions}>
        <Button type="submit" appearance="primary" disabled={keep.pending}>
          {keep.pending ? words.checking : words.keep}
        </Button>
        {onCancel !== undefined && (
          <Button onClick={onCancel} disabled={keep.pending}>
            {texts.cancel}
          </Button>
        )}
      </div>
      {keep.problem !== null && <ProblemCard problem={keep.problem} announce />}
    </form>
  );
}
