/** Fields of forms: a label, what it is for, what is wrong with it. Named, so that a refusal can put the focus there. */
import { Button, Field, Input, makeStyles, tokens } from '@fluentui/react-components';
import { Eye20Regular } from '@fluentui/react-icons/svg/eye';
import { EyeOff20Regular } from '@fluentui/react-icons/svg/eye-off';
import { useState } from 'react';
import { Words } from '../../shared/words.tsx';
import { texts } from '../../texts.ts';

export interface FieldWords {
  label: string;
  hint?: string;
  placeholder?: string;
}

/** The fields of `Form` that hold text. */
export interface FieldProps<Form extends Record<keyof Form, string>> {
  form: Form;
  mistakes: { [Name in keyof Form]?: string | undefined };
  change: <Name extends keyof Form>(name: Name, value: Form[Name]) => void;
  /** Where the person's role does not admit to a change: it is read, not typed into. */
  readOnly?: boolean;
}
interface OneField<Form extends Record<keyof Form, string>> extends FieldProps<Form> {
  name: keyof Form & string;
  words: FieldWords;
}

const useStyles = makeStyles({
  input: { width: '100%' },
  fixedWidth: { fontFamily: tokens.fontFamilyMonospace },
});

function fieldState(words: FieldWords, mistake: string | undefined) {
  return {
    label: words.label,
    ...(words.hint !== undefined && { hint: { children: <Words>{words.hint}</Words> } }),
    ...(mistake !== undefined && { validationMessage: mistake, validationState: 'error' as const }),
  };
}

export function TextField<Form extends Record<keyof Form, string>>(props: OneField<Form>) {
  const { form, mistakes, change, name, words, readOnly = false } = props;
  const styles = useStyles();
  return (
    <Field {...fieldState(words, mistakes[name])}>
      <Input
        className={styles.input}
        name={name}
        value={form[name]}
        placeholder={words.placeholder ?? ''}
        readOnly={readOnly}
        appearance={readOnly ? 'filled-darker' : 'outline'}
        spellCheck={false}
        autoComplete="off"
        onChange={(_event, { value }) => change(name, value as Form[typeof name])}
      />
    </Field>
  );
}

/** A key or password: covered, shown only while the person asks for it. */
export function SecretField<Form extends Record<keyof Form, string>>({ form, mistakes, change, name, words }: OneField<Form>) {
  const styles = useStyles();
  const [shown, setShown] = useState(false);
  return (
    <Field {...fieldState(words, mistakes[name])}>
      <Input
        className={styles.input}
        input={{ className: shown ? styles.fixedWidth : undefined }}
        name={name}
        type={shown ? 'text' : 'password'}
        value={form[name]}
        spellCheck={false}
        autoComplete="off"
        onChange={(_event, { value }) => change(name, value as Form[typeof name])}
        contentAfter={
          <Button
            appearance="transparent"
            size="small"
            icon={shown ? <EyeOff20Regular /> : <Eye20Regular />}
            aria-label={shown ? texts.fields.hide(words.label) : texts.fields.show(words.label)}
            aria-pressed={shown}
            onClick={() => setShown(!shown)}
          />
        }
      />
    </Field>
  );
}
