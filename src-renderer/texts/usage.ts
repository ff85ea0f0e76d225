/** What running jobs use. */
export const usage = {
  processor: 'Processor',
  memory: 'Memory',
  described: (name: string, now: string, most: string) => `${name} ${now} now, at most ${most} in the last 10 minutes`,
  notMeasured: (name: string) => `${name}: not measured yet`,
  chartTitle: { processor: 'Processor, 100 % is one core', memory: 'Memory, with everything it started' },
  ten: '10 min ago',
  now: 'now',
  processes: (count: number) => (count === 1 ? '1 process' : `${count} processes`),
  none: 'Nothing measured yet',
} as const;
