/** A sentence of the catalogues, in which `…` marks what is typed or copied. */
import { makeStyles, tokens } from '@fluentui/react-components';

const useStyles = makeStyles({
  code: { fontFamily: tokens.fontFamilyMonospace, fontSize: '0.92em', overflowWrap: 'anywhere' },
});

export function Words({ children }: { children: string }) {
  const styles = useStyles();
  return children.split('`').map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      <code key={index} className={styles.code}>
        {part}
      </code>
    ),
  );
}
