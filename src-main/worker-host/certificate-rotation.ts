/**
 * Replaces the worker's certificate when the service asks for it. The new pair is on disk before it is announced, and announced under the old
 * one; both are good for a while, so that an engine which dies anywhere in between is followed by one that goes on where it was.
 */
import { AppError, isAppError } from '../../src-contract/app-error.ts';
import { isJudgement } from '../../src-contract/service-judgement.ts';
import { createMachineIdentity, readMachineIdentity, writeMachineIdentity } from '../service-link/machine-identity.ts';
import { createJrdsClient } from '../service-link/jrds-client.ts';
import { brief, retry } from '../service-link/retry.ts';
import { removeFiles } from '../storage/private-files.ts';
import { workerSource, type InTurn, type WorkerParts } from './parts.ts';
import { credentialOf, type ServiceAccess } from './service-access.ts';

/** The service asks with every poll; after a failure it is not done at once again. */
const pauseAfterFailureMs = 60_000;
/** It asks again at once where its clock is so far ahead of ours that a new certificate is past half its life too. */
const pauseAfterReplacementMs = 60 * 60 * 1000;

export class CertificateRotation {
  private readonly parts: WorkerParts;
  private readonly access: ServiceAccess;
  private readonly inTurn: InTurn;
  private readonly closing = new AbortController();
  private running: Promise<void> | undefined;
  private lastFailureMs = -Infinity;
  private lastReplacementMs = -Infinity;

  /** `inTurn`: one after the other with joining and leaving, which change the same files. */
  constructor(parts: WorkerParts, access: ServiceAccess, inTurn: InTurn) {
    this.parts = parts;
    this.access = access;
    this.inTurn = inTurn;
  }

  /** An engine before this one was in the middle of it. */
  async goOn(): Promise<void> {
    const { settings, layout } = this.parts;
    if (settings.current.registration === null) return;
    if ((await readMachineIdentity(layout.nextWorkerIdentity)) !== undefined) this.ask();
  }

  /** Goes on by itself. Safe to call while it is under way. */
  ask(): void {
    if (this.running !== undefined || this.closing.signal.aborted) return;
    const nowMs = this.parts.clock.monotonicMs();
    if (nowMs - this.lastFailureMs < pauseAfterFailureMs || nowMs - this.lastReplacementMs < pauseAfterReplacementMs) return;
    this.running = this.inTurn(() => this.replace())
      .catch((error: unknown) => {
        return this.fail(error);
      })
      .finally(() => {
        this.running = undefined;
      });
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private async replace(): Promise<void> {
    const { settings, layout, clock, log, version } = this.parts;
    const { registration } = settings.current;
    const present = await this.access.workerIdentity();
    // It has left the group since the service asked.
    if (registration === null || present === undefined) return;
    let next = await readMachineIdentity(layout.nextWorkerIdentity);
    if (next === undefined) {
      next = await createMachineIdentity(registration.machineId, clock.now());
      await writeMachineIdentity(next, layout.nextWorkerIdentity);
    }
    const { thumbprint, issuer, subject, notAfter } = next;
    const client = createJrdsClient({
      address: await this.access.jrdsAddress(),
      credential: credentialOf(present),
      groupName: registration.groupName,
      version,
    });
    const { signal } = this.closing;
    try {
      const body = {
        Thumbprint: thumbprint,
        Issuer: issuer,
        Subject: subject,
        NotBefore: withoutZone(clock.now()),
        NotAfter: withoutZone(notAfter),
      };
      await retry(() => client.rotateCertificate(body, { signal }), { policy: brief, signal });
    } finally {
      client.close();
    }
    await writeMachineIdentity(next, layout.workerIdentity);
    await settings.change({ registration: { ...registration, thumbprint } });
    await removeFiles(layout.nextWorkerIdentity.certificateFile, layout.nextWorkerIdentity.privateKeyFile);
    this.lastReplacementMs = clock.monotonicMs();
    await this.access.forget();
    this.parts.engine().clear('certificate');
    log.write({
      name: 'certificateReplaced',
      source: workerSource,
      message: `The worker’s certificate was replaced: ${present.thumbprint} by ${thumbprint}, valid until ${notAfter.toISOString()}. The old one is good for a while.`,
      fields: { before: present.thumbprint, thumbprint },
    });
  }

  private async fail(error: unknown): Promise<void> {
    if (this.closing.signal.aborted) return;
    const { settings, engine, clock, layout } = this.parts;
    this.lastFailureMs = clock.monotonicMs();
    if (!isAppError(error)) this.parts.fault(error, 'replace the worker’s certificate');
    const reason = isAppError(error) ? error.toProblem().title : 'a mistake of ours, which is in the event log';
    // The service has judged that pair: the next try is made with another. Whatever else went wrong (a proxy, a right that is missing), the
    // service may have taken it: it is announced again.
    const { certificateFile, privateKeyFile } = layout.nextWorkerIdentity;
    if (isJudgement(error)) await removeFiles(certificateFile, privateKeyFile);
    const groupName = settings.current.registration?.groupName ?? '';
    const until = (await this.access.workerIdentity())?.notAfter.toISOString().slice(0, 10) ?? 'an unknown day';
    engine().raise('certificate', new AppError('certificate-not-replaced', { groupName, reason, until }).toProblem());
  }
}

/** The protocol's times of certificates have no zone; they are UTC. */
function withoutZone(time: Date): string {
  return time.toISOString().slice(0, 19);
}
