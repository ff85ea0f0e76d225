/** The sign before a step; the words beside it say the same. */
import { Spinner } from '@fluentui/react-components';
import { Checkmark16Filled } from '@fluentui/react-icons/svg/checkmark';
import { Dismiss16Filled } from '@fluentui/react-icons/svg/dismiss';
import type { ShownStep } from './shown-steps.ts';

export function StepSign({ status }: { status: ShownStep['status'] }) {
  switch (status) {
    case 'done':
      return <Checkmark16Filled aria-hidden />;
    case 'failed':
      return <Dismiss16Filled aria-hidden />;
    case 'started':
      return <Spinner size="extra-tiny" aria-hidden />;
    case 'later':
      return <span aria-hidden>·</span>;
  }
}
