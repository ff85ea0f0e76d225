/** The part of service-link's HTTPS client that REST calls use: an answer of any status is an answer, the rest is an AppError. */
export interface ServiceConnection {
  readonly host: string;
  call: (request: ServiceRequest) => Promise<ServiceAnswer>;
  /** The body of a 200 goes to `write`, piece by piece; it is waited for. */
  download: (request: ServiceRequest, write: (piece: Buffer) => Promise<void>) => Promise<ServiceAnswer>;
  close: () => void;
}

export interface ServiceRequest {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  path: string;
  headers?: Record<string, string>;
  body?: Buffer;
  heldSeconds?: number;
  maxAnswerBytes?: number;
  signal?: AbortSignal;
}

export interface ServiceAnswer {
  status: number;
  body: Buffer;
}
