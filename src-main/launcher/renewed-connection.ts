/**
 * The service for whoever finishes a dead sandbox, however long that takes: after a call that failed it is connected anew, with what holds
 * then. The worker's certificate may have been rotated meanwhile, its proxy changed, the machine have joined its group again.
 */
import { AppError } from '../../src-contract/app-error.ts';
import { isJudgement } from '../../src-contract/service-judgement.ts';
import type { FinishingService } from './finish-dead.ts';

export interface ServiceConnection {
  service: FinishingService;
  close: () => void;
}

/** `known`: what the service has said over an earlier connection that it offers. Its first answer over the new one may come too late. */
type Connect = (known: ReadonlySet<string>) => Promise<ServiceConnection | undefined>;

export class RenewedConnection {
  readonly #connect: Connect;
  #current: Promise<ServiceConnection | undefined> | undefined;
  #features: ReadonlySet<string> = new Set();

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  /** Undefined while this worker has no certificate for that account. */
  async open(): Promise<FinishingService | undefined> {
    this.#current ??= this.#connect(this.#features);
    try {
      return (await this.#current)?.service;
    } catch (error) {
      this.#current = undefined;
      throw error;
    }
  }

  /** Safe to call twice, and at any time: the next call opens another. */
  close(): void {
    const current = this.#current;
    this.#current = undefined;
    void current?.then(
      (opened) => opened?.close(),
      () => undefined,
    );
  }

  /** As one service. A worker that has left the group is refused as `not-registered`: what is here stays here. */
  get service(): FinishingService {
    const features = (): ReadonlySet<string> => this.#features;
    return {
      get features() {
        return features();
      },
      getJobActions: (...given) => this.#call((service) => service.getJobActions(...given)),
      getJob: (...given) => this.#call((service) => service.getJob(...given)),
      changeStatus: (...given) => this.#call((service) => service.changeStatus(...given)),
      postStream: (...given) => this.#call((service) => service.postStream(...given)),
      unload: (...given) => this.#call((service) => service.unload(...given)),
      acknowledgedRecords: (...given) => this.#call((service) => service.acknowledgedRecords(...given)),
      uploadFrames: (...given) => this.#call((service) => service.uploadFrames(...given)),
    };
  }

  async #call<Value>(call: (service: FinishingService) => Promise<Value>): Promise<Value> {
    const service = await this.open();
    if (service === undefined) {
      // Asked again, it may be registered again.
      this.close();
      throw new AppError('not-registered', {});
    }
    try {
      const value = await call(service);
      this.#features = service.features;
      return value;
    } catch (error) {
      if (!isJudgement(error)) this.close();
      throw error;
    }
  }
}
