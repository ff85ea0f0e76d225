/** Links and buttons that lead to another page. */
import { Button, Link, makeStyles, mergeClasses, tokens, type ButtonProps } from '@fluentui/react-components';
import { placeLink, type Place } from '../state/place.ts';
import { useServices } from '../state/services.ts';

const useStyles = makeStyles({ strong: { fontWeight: tokens.fontWeightSemibold } });

export function PlaceLink({ to, strong = false, children }: { to: Place; strong?: boolean; children: React.ReactNode }) {
  const styles = useStyles();
  return (
    <Link href={placeLink(to)} draggable={false} className={mergeClasses(strong && styles.strong)}>
      {children}
    </Link>
  );
}

export function PlaceButton({ to, ...rest }: { to: Place } & Pick<ButtonProps, 'appearance' | 'children' | 'icon'>) {
  const { place } = useServices();
  return <Button {...rest} onClick={() => place.open(to)} />;
}
