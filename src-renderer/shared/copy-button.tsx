/** Copies a text and says that it did, or that it could not. */
import { Button, makeStyles } from '@fluentui/react-components';
import { Checkmark20Regular } from '@fluentui/react-icons/svg/checkmark';
import { Copy20Regular } from '@fluentui/react-icons/svg/copy';
import { createContext, use, useEffect, useState } from 'react';
import { maxCopiedCharacters } from '../../src-contract/window-calls.ts';
import { texts } from '../texts.ts';

/** How a text gets to the clipboard; answers whether it did. The control panel asks the main process. */
export const CopyContext = createContext<(text: string) => Promise<boolean>>(() => Promise.resolve(false));

const saidForMs = 2000;
const useStyles = makeStyles({ button: { whiteSpace: 'nowrap', flexShrink: 0 } });

interface CopyButtonProps {
  /** A function is asked when it is pressed: for what changes all the time. */
  text: string | (() => string);
  label: string;
  subtle?: boolean;
}

export function CopyButton({ text, label, subtle = false }: CopyButtonProps) {
  const styles = useStyles();
  const copy = use(CopyContext);
  const [result, setResult] = useState<'none' | 'copied' | 'refused' | 'too-long'>('none');
  useEffect(() => {
    if (result === 'none') return;
    const timer = setTimeout(() => setResult('none'), saidForMs);
    return () => clearTimeout(timer);
  }, [result]);
  const press = async (copied: string): Promise<void> => {
    if (copied.length > maxCopiedCharacters) setResult('too-long');
    else setResult((await copy(copied)) ? 'copied' : 'refused');
  };
  const words = { none: label, copied: texts.copied, refused: texts.notCopied, 'too-long': texts.tooLongToCopy };
  return (
    <Button
      className={styles.button}
      appearance={subtle ? 'subtle' : 'secondary'}
      icon={result === 'copied' ? <Checkmark20Regular /> : <Copy20Regular />}
      onClick={() => void press(typeof text === 'string' ? text : text())}
    >
      <span aria-live="polite">{words[result]}</span>
    </Button>
  );
}
