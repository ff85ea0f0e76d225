/** #11 to #14: the account's assets, opened for a job that runs. A worker without a running job gets none, whatever certificate it shows. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError } from '../../src-contract/app-error.ts';
import {
  variableWrite,
  type certificateRead,
  type connectionRead,
  type credentialRead,
  type variableRead,
} from '../../src-contract/jrds.ts';
import { maxVariableCharacters } from '../../src-contract/limits.ts';
import type { ServiceContext } from '../context.ts';
import { changeAsset, findAsset, type Asset, type AssetKind } from '../store/assets.ts';
import { listLiveAttempts } from '../store/attempts.ts';
import { nameKey } from '../store/names.ts';
import { openAsset, sealAsset, type AssetContent } from '../vault/asset-content.ts';
import { invalid, readBody } from './body.ts';
import type { NameParams } from './calls.ts';
import { attemptOfSandbox } from './callers.ts';

/** A variable's JSON text as a JSON string. */
const maxVariableBodyBytes = 16 * 1024 * 1024;

type AssetRequest = FastifyRequest<{ Params: NameParams }>;

export function addAssetRoutes(server: FastifyInstance, context: ServiceContext): void {
  server.get('/variables/:name', async (request: AssetRequest): Promise<z.infer<typeof variableRead>> => {
    const { asset, content } = await readAsset(context, request, 'variable');
    return { name: asset.name, value: content.value, isEncrypted: asset.isEncrypted };
  });

  server.post('/variables/:name', { bodyLimit: maxVariableBodyBytes }, (request: AssetRequest) => setVariable(context, request));

  server.get('/credentials/:name', async (request: AssetRequest): Promise<z.infer<typeof credentialRead>> => {
    const { asset, content } = await readAsset(context, request, 'credential');
    return { name: asset.name, userName: content.userName, value: content.password, description: asset.description };
  });

  server.get('/connections/:name', async (request: AssetRequest): Promise<z.infer<typeof connectionRead>> => {
    const { content } = await readAsset(context, request, 'connection');
    return { connectionFields: content.fields, encryptedFieldNames: content.encryptedFieldNames };
  });

  server.get('/certificates/:name', async (request: AssetRequest): Promise<z.infer<typeof certificateRead>> => {
    const { asset, content } = await readAsset(context, request, 'certificate');
    return { name: asset.name, ...content };
  });
}

async function readAsset<Kind extends AssetKind>(
  context: ServiceContext,
  request: AssetRequest,
  kind: Kind,
): Promise<{ asset: Asset; content: AssetContent<Kind> }> {
  const accountId = await accountOfRunningJob(context, request, kind);
  const { name } = request.params;
  const asset = await findAsset(context.store.db, accountId, kind, name);
  if (asset === undefined) throw unknown(kind, name);
  return { asset, content: openAsset(context.vault, { accountId, kind, name: asset.name }, asset.content) };
}

/** The variable must exist. Its stored flag stays: clients always send false, and an encrypted variable must not become readable by that. */
async function setVariable(context: ServiceContext, request: AssetRequest): Promise<z.infer<typeof variableRead>> {
  const accountId = await accountOfRunningJob(context, request, 'variable');
  const { name } = request.params;
  const body = readBody(request, variableWrite);
  if (nameKey(body.name) !== nameKey(name)) throw invalid('body.name', 'it is not the name in the address');
  if ((body.value?.length ?? 0) > maxVariableCharacters)
    throw invalid('body.value', `a variable holds at most ${String(maxVariableCharacters)} characters`);
  const key = { accountId, kind: 'variable', name } as const;
  const content = sealAsset(context.vault, key, { value: body.value });
  const changedAsset = await context.store.write((tx) => changeAsset(tx, key, { content }, context.clock.now()));
  if (changedAsset === undefined) throw unknown('variable', name);
  return { name: changedAsset.name, value: body.value, isEncrypted: changedAsset.isEncrypted };
}

async function accountOfRunningJob(context: ServiceContext, request: AssetRequest, kind: AssetKind): Promise<string> {
  const caller = request.jrdsCaller;
  if (caller.kind === 'sandbox') {
    const attempt = await attemptOfSandbox(context, caller, caller.attempt.sandboxId);
    if (attempt.endedAt === null) return attempt.accountId;
  } else {
    const live = await listLiveAttempts(context.store.db, { member: caller.worker });
    if (live.some((attempt) => attempt.calledInAt !== null)) return caller.worker.accountId;
  }
  throw unknown(kind, request.params.name);
}

function unknown(kind: AssetKind, name: string): AppError<'resource-unknown'> {
  return new AppError('resource-unknown', { what: kind, name: name.slice(0, 200) });
}
