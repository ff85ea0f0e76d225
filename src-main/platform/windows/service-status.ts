/** SERVICE_STATUS, with which SERVICE_STATUS_PROCESS begins too. */
export interface ServiceStatusFields {
  type: number;
  state: number;
  accepted: number;
  exitCode: number;
  specificExitCode: number;
  checkPoint: number;
  waitHint: number;
}

export const serviceStatusTypes = {
  type: 'uint32',
  state: 'uint32',
  accepted: 'uint32',
  exitCode: 'uint32',
  specificExitCode: 'uint32',
  checkPoint: 'uint32',
  waitHint: 'uint32',
} as const;
