/** The console tab. */
import { useState } from 'react';
import { ConsoleReader } from '../../../shared/console/console-reader.ts';
import { ConsoleView } from '../../../shared/console/console-view.tsx';
import { useServices } from '../../state/services.ts';

export function JobConsole({ sandboxId }: { sandboxId: string }) {
  const { bridge } = useServices();
  const [reader] = useState(() => new ConsoleReader((from) => bridge.call('jobs:console', { sandboxId, from })));
  return <ConsoleView reader={reader} />;
}
