/**
 * Notices that two machines use one worker's identity: a disk that was cloned, a snapshot that was brought back. Each call for work is
 * answered with a token that the next one is to bring. A single machine brings the token of its last answer, or, where that answer was lost,
 * the one before once more; of two, one falls behind. Neither gets work then, until one of them registers anew.
 *
 * A token is a number that grows, something random, and our seal. A number greater than ours is no mistake of the worker's: our database
 * was brought back from a backup.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../src-contract/app-error.ts';
import type { ServiceContext } from '../context.ts';
import { setTurn, type Worker, type WorkerTurn } from '../store/workers.ts';

/** What a worker brings that has no token yet. */
const firstWord = 'first';
/** A call that was given up may reach us after the one that followed it. Once is no proof; again within this time is. */
const strikeMemoryMs = 10 * 60 * 1000;
const strikesForProof = 2;

interface Turn {
  number: number;
  nonce: string;
}

/** Said again when the first answer was lost. */
const firstTurn: Turn = { number: 0, nonce: '' };

export type Judgement = { kind: 'accepted'; turn: Turn } | { kind: 'behind' };

/** Pure. `brought`: undefined for a token that we did not seal. */
export function judgeTurn(known: Pick<WorkerTurn, 'turnNumber' | 'turnNonce'>, brought: Turn | undefined): Judgement {
  if (known.turnNumber === null) return { kind: 'accepted', turn: brought ?? firstTurn };
  if (brought === undefined) return { kind: 'behind' };
  const isNext = brought.number > known.turnNumber;
  const isRepeated = brought.number === known.turnNumber && brought.nonce === known.turnNonce;
  return isNext || isRepeated ? { kind: 'accepted', turn: brought } : { kind: 'behind' };
}

/**
 * The token for the answer; undefined for a worker that brings nothing (an earlier or a foreign one). `behind`: whoever calls is to get no
 * work. Throws AppError `machine-cloned`.
 */
export async function takeTurn(
  context: Pick<ServiceContext, 'store' | 'vault' | 'clock' | 'log'>,
  worker: Worker,
  brought: string | undefined,
): Promise<{ token: string } | 'behind' | undefined> {
  const { store, clock, log } = context;
  if (worker.clonedAt !== null) throw cloned(worker);
  if (brought === undefined) return undefined;
  const now = clock.now();
  const sign = signer(context, worker);
  const judgement = judgeTurn(worker, readToken(brought, sign));
  if (judgement.kind === 'accepted') {
    const { number, nonce } = judgement.turn;
    if (number !== worker.turnNumber || nonce !== worker.turnNonce) {
      const { turnStrikes, turnStruckAt } = worker;
      await store.write((tx) =>
        setTurn(tx, worker, { turnNumber: number, turnNonce: nonce, turnStrikes, turnStruckAt, clonedAt: null }),
      );
    }
    return { token: writeToken({ number: number + 1, nonce: randomBytes(9).toString('base64url') }, sign) };
  }
  const isFresh = worker.turnStruckAt !== null && now - worker.turnStruckAt < strikeMemoryMs;
  const turnStrikes = isFresh ? worker.turnStrikes + 1 : 1;
  const clonedAt = turnStrikes >= strikesForProof ? now : null;
  const { turnNumber, turnNonce } = worker;
  await store.write((tx) => setTurn(tx, worker, { turnNumber, turnNonce, turnStrikes, turnStruckAt: now, clonedAt }));
  if (clonedAt === null) return 'behind';
  const { machineId, machineName, groupName } = worker;
  log.warn('Two machines use the identity of one worker; neither gets work', { machineId, machineName, group: groupName });
  throw cloned(worker);
}

function cloned({ groupName, machineName }: Worker): AppError<'machine-cloned'> {
  return new AppError('machine-cloned', { groupName, machineName });
}

type Sign = (text: string) => string;

/** Tokens of an earlier registration are worth nothing. */
function signer({ vault }: Pick<ServiceContext, 'vault'>, { machineId, registeredAt }: Worker): Sign {
  const key = vault.deriveKey('worker turn');
  return (text) =>
    createHmac('sha256', key)
      .update(`${machineId} ${String(registeredAt)} ${text}`)
      .digest('base64url');
}

function writeToken({ number, nonce }: Turn, sign: Sign): string {
  const text = `${String(number)}.${nonce}`;
  return `${text}.${sign(text)}`;
}

function readToken(token: string, sign: Sign): Turn | undefined {
  if (token === firstWord) return firstTurn;
  const found = /^(\d{1,15})\.([\w-]{1,40})\.([\w-]{20,60})$/.exec(token);
  if (found?.[1] === undefined || found[2] === undefined || found[3] === undefined) return undefined;
  const given = Buffer.from(found[3]);
  const own = Buffer.from(sign(`${found[1]}.${found[2]}`));
  if (given.length !== own.length || !timingSafeEqual(given, own)) return undefined;
  return { number: Number(found[1]), nonce: found[2] };
}
