import { makeStyles, tokens } from '@fluentui/react-components';

const line = `1px solid ${tokens.colorNeutralStroke2}`;

const tiny = '@media (max-width: 700px)';

export const useTableStyles = makeStyles({
  scroller: { position: 'relative', minWidth: 0 },
  fills: {
    flexGrow: 1,
    minHeight: '108px',
    overflow: 'auto',
    backgroundColor: tokens.colorNeutralBackground1,
    border: line,
    borderRadius: '8px',
    outlineOffset: '-2px',
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
    '& [role="row"]': { paddingLeft: '16px', paddingRight: '16px', [tiny]: { paddingLeft: '8px', paddingRight: '8px' } },
  },
  head: { position: 'sticky', top: 0, zIndex: 1, backgroundColor: tokens.colorNeutralBackground1 },
  headRow: {
    display: 'grid',
    columnGap: '16px',
    [tiny]: { columnGap: '8px' },
    height: '36px',
    alignItems: 'center',
    borderBottom: line,
    boxSizing: 'border-box',
  },
  headCell: {
    fontSize: tokens.fontSizeBase200,
    fontWeight: tokens.fontWeightSemibold,
    color: tokens.colorNeutralForeground2,
    whiteSpace: 'nowrap',
    minWidth: 0,
    overflow: 'hidden',
    textOverflow: 'ellipsis',
  },
  sortButton: {
    font: 'inherit',
    color: 'inherit',
    background: 'none',
    border: 'none',
    padding: '4px 4px 4px 0',
    margin: 0,
    cursor: 'pointer',
    display: 'inline-flex',
    alignItems: 'center',
    gap: '4px',
    borderRadius: '4px',
    ':hover': { color: tokens.colorNeutralForeground1 },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}`, outlineOffset: '-1px' },
  },
  body: { position: 'relative' },
  row: {
    position: 'absolute',
    left: 0,
    right: 0,
    height: '36px',
    display: 'grid',
    columnGap: '16px',
    [tiny]: { columnGap: '8px' },
    alignItems: 'center',
    borderBottom: line,
    boxSizing: 'border-box',
    fontSize: tokens.fontSizeBase300,
    ':last-child': { borderBottomColor: 'transparent' },
  },
  // In the dark, Fluent's own tints of a pressed row are too light for the links on it.
  pressable: { cursor: 'default', ':hover': { backgroundColor: tokens.colorNeutralBackground2 } },
  selected: { backgroundColor: tokens.colorBrandBackground2, boxShadow: `inset 3px 0 0 ${tokens.colorBrandStroke1}` },
  /** Until the row is there: nothing moves, and it is gone before somebody could read. */
  toCome: { height: '10px', borderRadius: '4px', backgroundColor: tokens.colorNeutralBackground4, width: '60%' },
  cell: { minWidth: 0, overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  end: { textAlign: 'right', justifySelf: 'end', maxWidth: '100%' },
});
