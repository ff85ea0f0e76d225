/** How busy the machine is, in words: measured again every few seconds while somebody looks. */
import { useReading } from '../../../shared/call.ts';
import { formatBytes } from '../../../shared/format.ts';
import { useNow } from '../../../shared/use-now.ts';
import { texts } from '../../../texts.ts';
import { useServices } from '../../state/services.ts';

const measureEveryMs = 5_000;

export function useLoad(): { name: string; disk: string | undefined } {
  const { bridge } = useServices();
  const turn = Math.floor(useNow().getTime() / measureEveryMs);
  const { reading } = useReading(() => bridge.call('worker:load', {}), turn);
  const words = texts.overview.load;
  if (reading.status === 'reading') return { name: words.reading, disk: undefined };
  if (reading.status === 'failed') return { name: words.unknown, disk: undefined };
  const { processorPercent, memoryFreeBytes, memoryBytes, diskFreeBytes, diskBytes } = reading.value;
  return {
    name: words.value(processorPercent, formatBytes(memoryFreeBytes), formatBytes(memoryBytes)),
    disk: words.diskValue(formatBytes(diskFreeBytes), formatBytes(diskBytes)),
  };
}
