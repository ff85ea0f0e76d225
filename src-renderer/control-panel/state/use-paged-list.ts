/** A list of the main process for a page: asked anew when what is wanted changes, closed with the page. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { useReturn } from '../../shared/call.ts';
import { PagedList, type PagedView, type ReadRows } from '../../shared/list/paged-list.ts';
import { useObservable } from '../../shared/observable.ts';

export function usePagedList<Query, Row, More>(
  query: Query,
  read: ReadRows<Query, Row, More>,
): { list: PagedList<Query, Row, More>; view: PagedView<Row, More> } {
  const [list] = useState(() => new PagedList<Query, Row, More>(query, read));
  const asked = useRef(query);
  const key = JSON.stringify(query);
  useEffect(() => {
    if (JSON.stringify(asked.current) === key) return;
    asked.current = JSON.parse(key) as Query;
    list.goAlong(asked.current);
  }, [list, key]);
  useReturn(useCallback(() => list.readAgain(), [list]));
  useEffect(() => () => list.close(), [list]);
  return { list, view: useObservable(list.view) };
}
