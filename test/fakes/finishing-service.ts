/** A service that takes a dead sandbox's journal, as strict as the real one: frames must follow its chain. */
import { gunzipSync } from 'node:zlib';
import { decodeFrame, emptyChain } from '../../src-contract/node/journal-frame.ts';
import type { Acknowledged, AttemptReport } from '../../src-contract/jrds.ts';
import type { StreamRecord } from '../../src-contract/records.ts';
import type { FinishingService } from '../../src-main/launcher/finish-dead.ts';

export interface FinishedOnService {
  status: string;
  report: AttemptReport;
}

export class FakeFinishingService implements FinishingService {
  readonly features = new Set<string>();
  readonly records: StreamRecord[] = [];
  readonly posted: string[] = [];
  readonly ends: FinishedOnService[] = [];
  unloads = 0;
  /** What waits for a sandbox that asks; `unloaded` where nothing ever will. */
  jobActions: { JobId: string }[] | 'unloaded' = 'unloaded';
  /** Thrown by the next calls, one each. */
  readonly failures: Error[] = [];
  private readonly offered: readonly string[];
  private chain: Buffer = emptyChain;

  constructor(offered: readonly string[] = ['wait', 'record-batches', 'sandbox-secret', 'outcome']) {
    this.offered = offered;
  }

  get acknowledged(): Acknowledged {
    return { acknowledged: this.records.length, chain: this.chain.toString('hex') };
  }

  getJobActions: FinishingService['getJobActions'] = async () => {
    await this.answer();
    return this.jobActions === 'unloaded' ? { kind: 'unloaded' } : { kind: 'actions', actions: this.jobActions };
  };

  getJob: FinishingService['getJob'] = async (jobId) => {
    await this.answer();
    return {
      jobId,
      jobStatus: 2,
      pendingAction: null,
      parameters: null,
      runbookName: 'Copy-LocalFiles',
      runbookVersionId: 'version',
    };
  };

  acknowledgedRecords = async (): Promise<Acknowledged> => {
    await this.answer();
    return this.acknowledged;
  };

  uploadFrames: FinishingService['uploadFrames'] = async (_sandboxId, _jobId, { chain, body }) => {
    await this.answer();
    if (chain !== this.chain.toString('hex')) return { kind: 'resume-at', ...this.acknowledged };
    const bytes = gunzipSync(body);
    for (let offset = 0; offset < bytes.length;) {
      const decision = decodeFrame(this.chain, bytes, offset);
      if (decision.kind !== 'frame') throw new Error(`no frame at ${String(offset)}: ${decision.kind}`);
      const [header = '', ...lines] = decision.frame.payload.toString('utf8').split('\n');
      if ((JSON.parse(header) as { kind: string }).kind === 'end') throw new Error('an end frame was uploaded');
      this.records.push(...lines.filter((line) => line !== '').map((line) => JSON.parse(line) as StreamRecord));
      this.chain = Buffer.from(decision.frame.chain);
      offset += decision.frame.length;
    }
    return { kind: 'acknowledged', ...this.acknowledged };
  };

  changeStatus: FinishingService['changeStatus'] = async (_sandboxId, _jobId, { status, report }) => {
    await this.answer();
    // A journal with less than is here cannot send more.
    const isBehind = report.chain !== this.chain.toString('hex') && report.recordCount >= this.records.length;
    if (isBehind && this.offered.includes('record-batches')) return { kind: 'records-missing', ...this.acknowledged };
    this.ends.push({ status, report });
    return { kind: 'accepted' };
  };

  postStream: FinishingService['postStream'] = async (_jobId, body) => {
    await this.answer();
    this.posted.push(`${String(body.SequenceNumber)} ${body.StreamRecordText}`);
  };

  unload = (): Promise<void> => {
    this.unloads += 1;
    return Promise.resolve();
  };

  private async answer(): Promise<void> {
    await Promise.resolve();
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    // As with the real one, the first answer tells what there is.
    for (const feature of this.offered) this.features.add(feature);
  }
}
