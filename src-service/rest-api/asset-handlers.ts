/** Assets: their content is sealed as it arrives; what is secret of it is never in an answer. The four kinds differ in their shapes alone. */
import { AppError } from '../../src-contract/app-error.ts';
import type { RestBody, RestValue } from '../../src-contract/rest.ts';
import type { ServiceContext } from '../context.ts';
import { changeAsset, deleteAsset, findAsset, insertAsset, listAssets, type Asset, type AssetKind } from '../store/assets.ts';
import { nameKey } from '../store/names.ts';
import { openAsset, sealAsset, type AssetContent } from '../vault/asset-content.ts';
import type { HandlersOf } from './handler.ts';
import { pageByKey, type PageRequest } from './paging.ts';
import { readCertificate } from './read-certificate.ts';
import { checkName, requireAccount, unknownResource } from './resources.ts';
import { isoTime } from './times.ts';

type Plural = 'variables' | 'credentials' | 'connections' | 'certificates';
type Body<Prefix extends Plural> = RestBody<`${Prefix}:put`>;
type View<Prefix extends Plural> = RestValue<`${Prefix}:get`>;
type CommonView = { name: string; description: string; creationTime: string; lastModifiedTime: string };

interface Shape<Prefix extends Plural, Kind extends AssetKind> {
  kind: Kind;
  toContent: (body: Body<Prefix>) => AssetContent<Kind>;
  view: (common: CommonView, content: AssetContent<Kind>, asset: Asset) => View<Prefix>;
  isEncrypted?: (body: Body<Prefix>) => boolean | undefined;
}

export function assetHandlers(context: ServiceContext): HandlersOf<Plural> {
  const variables = createAssetCalls<'variables', 'variable'>(context, {
    kind: 'variable',
    toContent: ({ value }) => ({ value: JSON.stringify(value) }),
    isEncrypted: (body) => body.isEncrypted,
    view: (common, { value }, { isEncrypted }) => ({
      ...common,
      isEncrypted,
      value: isEncrypted || value === null ? null : (JSON.parse(value) as unknown),
    }),
  });
  const credentials = createAssetCalls<'credentials', 'credential'>(context, {
    kind: 'credential',
    toContent: ({ userName, password }) => ({ userName, password }),
    view: (common, { userName }) => ({ ...common, userName }),
  });
  const connections = createAssetCalls<'connections', 'connection'>(context, {
    kind: 'connection',
    toContent: ({ connectionFields, encryptedFieldNames }) => {
      const unknown = encryptedFieldNames.find((name) => !Object.hasOwn(connectionFields, name));
      if (unknown !== undefined) throw invalid('encryptedFieldNames', `there is no field ${unknown}`);
      return { connectionType: 'Custom', fields: connectionFields, encryptedFieldNames };
    },
    view: (common, { fields, encryptedFieldNames }) => ({
      ...common,
      connectionFields: Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [name, encryptedFieldNames.includes(name) ? null : value]),
      ),
      encryptedFieldNames,
    }),
  });
  const certificates = createAssetCalls<'certificates', 'certificate'>(context, {
    kind: 'certificate',
    toContent: ({ base64Value, password, isExportable }) => {
      const { thumbprint, expiryTime } = readCertificate(Buffer.from(base64Value, 'base64'), password);
      return { thumbprint, expiryTime, isExportable, value: base64Value };
    },
    view: (common, { thumbprint, expiryTime, isExportable }) => ({
      ...common,
      thumbprint,
      expiryTime: expiryTime ?? '',
      isExportable,
    }),
  });
  return {
    'variables:list': variables.list,
    'variables:get': variables.get,
    'variables:put': variables.put,
    'variables:delete': variables.delete,
    'credentials:list': credentials.list,
    'credentials:get': credentials.get,
    'credentials:put': credentials.put,
    'credentials:delete': credentials.delete,
    'connections:list': connections.list,
    'connections:get': connections.get,
    'connections:put': connections.put,
    'connections:delete': connections.delete,
    'certificates:list': certificates.list,
    'certificates:get': certificates.get,
    'certificates:put': certificates.put,
    'certificates:delete': certificates.delete,
  };
}

interface AssetCall {
  params: { accountName: string; assetName: string };
}

function createAssetCalls<Prefix extends Plural, Kind extends AssetKind>(context: ServiceContext, shape: Shape<Prefix, Kind>) {
  const { store, vault, clock } = context;
  const { kind } = shape;

  function view(asset: Asset): View<Prefix> {
    const { accountId, name, description, createdAt, changedAt } = asset;
    const content = openAsset(vault, { accountId, kind, name }, asset.content);
    return shape.view(
      { name, description, creationTime: isoTime(createdAt), lastModifiedTime: isoTime(changedAt) },
      content,
      asset,
    );
  }

  async function find({ params }: AssetCall): Promise<Asset> {
    const account = await requireAccount(store.db, params.accountName);
    const asset = await findAsset(store.db, account.id, kind, params.assetName);
    if (asset === undefined) throw unknownResource(kind, params.assetName);
    return asset;
  }

  async function put({ params, body }: AssetCall & { body: Body<Prefix> }): Promise<{ status: 201 | 200; value: View<Prefix> }> {
    const { assetName: name } = params;
    checkName(name, 'assetName');
    const { id: accountId } = await requireAccount(store.db, params.accountName);
    const content = sealAsset(vault, { accountId, kind, name }, shape.toContent(body));
    const { description } = body as { description?: string | undefined };
    const isEncrypted = kind === 'variable' ? shape.isEncrypted?.(body) : true;
    return store.write(async (tx) => {
      const row = { accountId, kind, name, content, description: description ?? '', isEncrypted: isEncrypted ?? false };
      const made = await insertAsset(tx, row, clock.now());
      if (made !== undefined) return { status: 201 as const, value: view(made) };
      const change = { content, ...(description === undefined ? {} : { description }) };
      const replaced = await changeAsset(tx, { accountId, kind, name }, change, clock.now());
      if (replaced === undefined) throw unknownResource(kind, name);
      // Thrown inside the transaction: nothing of the change stays.
      if (isEncrypted !== undefined && isEncrypted !== replaced.isEncrypted) {
        throw invalid('isEncrypted', `${name} is ${replaced.isEncrypted ? '' : 'not '}encrypted, and that is decided once`);
      }
      return { status: 200 as const, value: view(replaced) };
    });
  }

  return {
    list: async ({ params, query }: { params: { accountName: string }; query: PageRequest }) => {
      const account = await requireAccount(store.db, params.accountName);
      const page = pageByKey(await listAssets(store.db, account.id, kind), query, ({ name }) => nameKey(name));
      return { status: 200 as const, value: { ...page, value: page.value.map(view) } };
    },
    get: async (call: AssetCall) => ({ status: 200 as const, value: view(await find(call)) }),
    put,
    delete: async (call: AssetCall) => {
      const { accountId, name } = await find(call);
      await store.write((tx) => deleteAsset(tx, accountId, kind, name));
      return { status: 200 as const, value: {} };
    },
  };
}

function invalid(where: string, reason: string): AppError {
  return new AppError('request-invalid', { where, reason });
}
