/** A field for each parameter: of its type, marked where the runbook cannot do without it, with what an empty one means. */
import { Field, Input, Select, Textarea, makeStyles, tokens } from '@fluentui/react-components';
import type { StartableRunbook } from '../../../../src-contract/service-desk.ts';
import { texts } from '../../../texts.ts';
import { argumentsField, hintOf, inDeclaredOrder, kindOf, type Parameter, type ParameterValues } from './parameter-form.ts';

const words = texts.start.parameters;
const useStyles = makeStyles({
  fields: { display: 'flex', flexDirection: 'column', gap: '12px' },
  none: { margin: 0, color: tokens.colorNeutralForeground2 },
  choice: { maxWidth: '280px' },
  fixedWidth: { fontFamily: tokens.fontFamilyMonospace },
});

interface ParameterFieldsProps {
  parameters: StartableRunbook['parameters'];
  values: ParameterValues;
  mistakes: Readonly<Record<string, string>>;
  change: (name: string, value: string) => void;
}

export function ParameterFields({ parameters, values, mistakes, change }: ParameterFieldsProps) {
  const styles = useStyles();
  if (parameters === null) {
    return (
      <Field label={words.arguments.label} hint={words.arguments.hint}>
        <Textarea
          name={argumentsField}
          value={values[argumentsField] ?? ''}
          spellCheck={false}
          resize="vertical"
          textarea={{ className: styles.fixedWidth }}
          onChange={(_event, { value }) => change(argumentsField, value)}
        />
      </Field>
    );
  }
  if (parameters.length === 0) return <p className={styles.none}>{words.none}</p>;
  return (
    <div className={styles.fields}>
      {inDeclaredOrder(parameters).map((parameter) => (
        <ParameterField
          key={parameter.name}
          parameter={parameter}
          value={values[parameter.name] ?? ''}
          mistake={mistakes[parameter.name]}
          onChange={(value) => change(parameter.name, value)}
        />
      ))}
    </div>
  );
}

function choicesOf({ allowedValues }: Parameter): [string, string][] {
  if (allowedValues !== undefined) return allowedValues.map((one) => [one, one]);
  return [
    ['true', words.yes],
    ['false', words.no],
  ];
}

interface ParameterFieldProps {
  parameter: Parameter;
  value: string;
  mistake: string | undefined;
  onChange: (value: string) => void;
}

function ParameterField({ parameter, value, mistake, onChange }: ParameterFieldProps) {
  const styles = useStyles();
  const { name, isMandatory, defaultValue } = parameter;
  const kind = kindOf(parameter);
  const part = {
    name,
    value,
    onChange: (_event: unknown, data: { value: string }) => onChange(data.value),
  };
  return (
    <Field
      label={name}
      hint={hintOf(parameter)}
      required={isMandatory}
      {...(mistake !== undefined && { validationMessage: mistake, validationState: 'error' as const })}
    >
      {kind === 'truth' || kind === 'choice' ? (
        <Select {...part} className={styles.choice}>
          <option value="">{defaultValue === null ? words.notChosen : words.defaultChoice(defaultValue)}</option>
          {choicesOf(parameter).map(([one, shown]) => (
            <option key={one} value={one}>
              {shown}
            </option>
          ))}
        </Select>
      ) : kind === 'list' || kind === 'object' ? (
        <Textarea {...part} spellCheck={false} resize="vertical" textarea={{ className: styles.fixedWidth }} />
      ) : (
        <Input {...part} spellCheck={false} autoComplete="off" disabled={kind === 'secret'} />
      )}
    </Field>
  );
}
