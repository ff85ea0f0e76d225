import { Button } from '@fluentui/react-components';
import { texts } from '../texts.ts';

export function TryAgainButton({ onClick }: { onClick: () => void }) {
  return <Button onClick={onClick}>{texts.tryAgain}</Button>;
}
