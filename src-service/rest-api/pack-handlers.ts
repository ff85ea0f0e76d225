/** Packs: every version that was published. */
import { AppError } from '../../src-contract/app-error.ts';
import type { ServiceContext } from '../context.ts';
import { deletePack, findPack, listAssignments, listPacks, type PackSummary } from '../store/workspaces.ts';
import { publishPack } from '../workspace/packs.ts';
import type { HandlersOf } from './handler.ts';
import { pageByKey } from './paging.ts';
import { isoTime } from './times.ts';

export function packHandlers(context: ServiceContext): HandlersOf<'packs'> {
  const { store } = context;
  const find = async ({ packName, version }: { packName: string; version: string }): Promise<PackSummary> => {
    const pack = await findPack(store.db, packName, version);
    if (pack === undefined) throw new AppError('pack-unknown', { pack: packName, version });
    return pack;
  };

  return {
    'packs:list': async ({ query }) => {
      const page = pageByKey(await listPacks(store.db), query, ({ name, version }) => `${name} ${sortableVersion(version)}`);
      return { status: 200, value: { ...page, value: page.value.map(viewPack) } };
    },
    'packs:publish': async ({ body }) => {
      const { isNew, pack } = await publishPack(context, Buffer.from(body.buffer, body.byteOffset, body.byteLength));
      return { status: isNew ? 201 : 200, value: viewPack(pack) };
    },
    'packs:get': async ({ params }) => ({ status: 200, value: viewPack(await find(params)) }),
    'packs:delete': async ({ params }) => {
      const { name, version } = await find(params);
      await store.write(async (tx) => {
        const givenBy = await listAssignments(tx.db, name, version);
        const [workspace] = givenBy;
        if (workspace !== undefined) {
          const by = givenBy.length === 1 ? `the workspace ${workspace}` : `${givenBy.length} workspaces`;
          throw new AppError('resource-in-use', { what: 'pack', name: `${name} ${version}`, by });
        }
        await deletePack(tx, name, version);
      });
      return { status: 200, value: {} };
    },
  };
}

export function viewPack({ publishedAt, ...pack }: PackSummary) {
  return { ...pack, publishedTime: isoTime(publishedAt) };
}

function sortableVersion(version: string): string {
  return version
    .split('.')
    .map((number) => number.padStart(10, '0'))
    .join('.');
}
