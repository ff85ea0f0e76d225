/** Where a list is searched: told a moment after the last key, so that nothing is asked for a half of a word. */
import { SearchBox, makeStyles } from '@fluentui/react-components';
import { useEffect, useState } from 'react';
import { texts } from '../../texts.ts';

const searchAfterMs = 200;
const useStyles = makeStyles({ search: { width: '200px', minWidth: '140px', flexShrink: 1 } });

interface SearchFieldProps {
  search: string;
  onSearch: (search: string) => void;
  /** "events" */
  what: string;
}

export function SearchField({ search, onSearch, what }: SearchFieldProps) {
  const styles = useStyles();
  const [typed, setTyped] = useState(search);
  const [asked, setAsked] = useState(search);
  // Cleared by a button elsewhere.
  if (asked !== search) {
    setAsked(search);
    setTyped(search);
  }
  useEffect(() => {
    if (typed === search) return;
    const timer = setTimeout(() => onSearch(typed), searchAfterMs);
    return () => clearTimeout(timer);
  }, [typed, search, onSearch]);
  return (
    <SearchBox
      className={styles.search}
      value={typed}
      maxLength={200}
      placeholder={texts.list.search(what)}
      aria-label={texts.list.search(what)}
      onChange={(_event, { value }) => setTyped(value)}
    />
  );
}
