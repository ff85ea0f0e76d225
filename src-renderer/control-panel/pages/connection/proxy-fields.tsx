/** Through what: directly, or a proxy with or without user name and password. */
import { Field, Radio, RadioGroup, makeStyles, tokens } from '@fluentui/react-components';
import { Words } from '../../../shared/words.tsx';
import { texts } from '../../../texts.ts';
import { SecretField, TextField, type FieldProps } from '../../parts/fields.tsx';
import type { ConnectionForm } from './connection-form.ts';

const useStyles = makeStyles({
  pair: { display: 'grid', gridTemplateColumns: 'minmax(0, 1fr) minmax(0, 1fr)', gap: '12px', alignItems: 'start' },
  hint: { margin: 0, maxWidth: '70ch', color: tokens.colorNeutralForeground2, fontSize: tokens.fontSizeBase200 },
});

export function ProxyChoice({ form, change }: FieldProps<ConnectionForm>) {
  const words = texts.connection.proxy;
  return (
    <Field label={words.label}>
      <RadioGroup
        name="proxyKind"
        value={form.proxyKind}
        onChange={(_event, { value }) => change('proxyKind', value as ConnectionForm['proxyKind'])}
      >
        <Radio value="none" label={words.none} />
        <Radio value="system" label={words.system} />
        <Radio value="manual" label={words.manual} />
      </RadioGroup>
    </Field>
  );
}

/** What the choice needs to know. */
export function ProxyFields(props: FieldProps<ConnectionForm>) {
  const styles = useStyles();
  const words = texts.connection.proxy;
  if (props.form.proxyKind === 'system')
    return (
      <p className={styles.hint}>
        <Words>{words.systemHint}</Words>
      </p>
    );
  if (props.form.proxyKind === 'none') return null;
  return (
    <>
      <TextField {...props} name="proxyUrl" words={words.url} />
      <div className={styles.pair}>
        <TextField {...props} name="proxyUser" words={words.user} />
        <SecretField {...props} name="proxyPassword" words={words.password} />
      </div>
    </>
  );
}
