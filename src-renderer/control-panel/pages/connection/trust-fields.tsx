/** Whom to trust: the system's authorities, one authority's file, or one fingerprint. */
import { Button, Field, Radio, RadioGroup, makeStyles, tokens } from '@fluentui/react-components';
import { useAction } from '../../../shared/call.ts';
import { texts } from '../../../texts.ts';
import { TextField, type FieldProps } from '../../parts/fields.tsx';
import { useServices } from '../../state/services.ts';
import type { ConnectionForm } from './connection-form.ts';

const useStyles = makeStyles({
  file: { display: 'flex', alignItems: 'center', gap: '12px' },
  chosen: { color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
});

export function TrustChoice({ form, change }: FieldProps<ConnectionForm>) {
  const words = texts.connection.trust;
  return (
    <Field label={words.label}>
      <RadioGroup
        name="trustKind"
        value={form.trustKind}
        onChange={(_event, { value }) => change('trustKind', value as ConnectionForm['trustKind'])}
      >
        <Radio value="system" label={words.system} />
        <Radio value="authority" label={words.authority} />
        <Radio value="fingerprint" label={words.fingerprint} />
      </RadioGroup>
    </Field>
  );
}

/** What the choice needs to know. */
export function TrustFields(props: FieldProps<ConnectionForm>) {
  const { form } = props;
  const words = texts.connection.trust;
  return (
    <>
      {form.trustKind === 'authority' && <AuthorityFile {...props} />}
      {form.trustKind === 'fingerprint' && <TextField {...props} name="fingerprint" words={words.fingerprintField} />}
    </>
  );
}

function AuthorityFile({ form, mistakes, change }: FieldProps<ConnectionForm>) {
  const styles = useStyles();
  const { bridge } = useServices();
  const choose = useAction(() => bridge.shell('shell:choose-certificate', {}));
  const words = texts.connection.trust;
  const mistake = choose.problem?.text ?? mistakes.authorityPem;
  return (
    <Field
      label={words.authorityLabel}
      {...(mistake !== undefined && { validationMessage: mistake, validationState: 'error' as const })}
    >
      <div className={styles.file}>
        <Button
          disabled={choose.pending}
          onClick={() => void choose.run().then((chosen) => change('authorityPem', chosen?.pem ?? form.authorityPem))}
          name="authorityPem"
        >
          {words.chooseFile}
        </Button>
        <span className={styles.chosen}>{form.authorityPem === '' ? words.noFile : words.fileChosen}</span>
      </div>
    </Field>
  );
}
