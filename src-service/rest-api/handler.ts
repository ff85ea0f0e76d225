/** What a handler of a REST operation is given, and what it answers. Everything it is given was parsed against the contract. */
import type { restOperations, OperationName, RestBody, RestParams, RestQuery, RestValue } from '../../src-contract/rest.ts';
import type { Token } from '../store/tokens.ts';

/** Who calls: the token's row. Operations without a role are called by nobody. */
export type Caller = Pick<Token, 'id' | 'name' | 'role'>;

export interface RestCall<Name extends OperationName> {
  params: RestParams<Name>;
  query: RestQuery<Name>;
  body: RestBody<Name>;
  caller: Caller;
  /** Of an interrupted event stream. */
  lastEventId: string | undefined;
  /** Aborted when the caller has gone or the service closes. */
  signal: AbortSignal;
}

type Status<Name extends OperationName> = keyof (typeof restOperations)[Name]['answers'];

export type RestAnswer<Name extends OperationName> =
  | { status: Status<Name>; value: RestValue<Name> }
  /** For text, events and files: written piece by piece, as fast as the caller reads. `bytes`: where it is known how many come. */
  | { status: Status<Name>; pieces: AsyncIterable<string | Buffer>; bytes?: number };

export type RestHandler<Name extends OperationName> = (call: RestCall<Name>) => Promise<RestAnswer<Name>>;
export type RestHandlers = { [Name in OperationName]: RestHandler<Name> };
/** The handlers of one file: some operations. */
export type HandlersOf<Prefix extends string> = {
  [Name in OperationName as Name extends `${Prefix}:${string}` ? Name : never]: RestHandler<Name>;
};
