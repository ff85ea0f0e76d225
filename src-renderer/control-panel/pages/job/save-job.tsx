/** Saves the whole attempt as a file: every record, whatever the page shows of them. */
import { Button, Menu, MenuButton, MenuItem, MenuList, MenuPopover, MenuTrigger } from '@fluentui/react-components';
import { Dismiss16Regular } from '@fluentui/react-icons/svg/dismiss';
import { makeStyles, tokens } from '@fluentui/react-components';
import type { JobView } from '../../../../src-contract/engine-calls.ts';
import type { ShellArguments } from '../../../../src-contract/window-calls.ts';
import { useAction } from '../../../shared/call.ts';
import { ProblemCard } from '../../../shared/problem-card.tsx';
import { texts } from '../../../texts.ts';
import { useServices } from '../../state/services.ts';

type SavedFormat = ShellArguments<'shell:save-job'>['format'];

export interface Saving {
  pending: boolean;
  run: (format: SavedFormat) => void;
  /** What came of it, under the head of the page. */
  result: React.ReactNode;
}

const useStyles = makeStyles({
  said: { display: 'flex', alignItems: 'center', gap: '8px', color: tokens.colorNeutralForeground2, overflowWrap: 'anywhere' },
});

export function SaveJob({ saving }: { saving: Saving }) {
  const words = texts.job.save;
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <MenuButton disabled={saving.pending}>{saving.pending ? words.underWay : words.action}</MenuButton>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem onClick={() => saving.run('text')}>{words.asText}</MenuItem>
          <MenuItem onClick={() => saving.run('csv')}>{words.asCsv}</MenuItem>
          <MenuItem onClick={() => saving.run('json')}>{words.asJson}</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}

export function useSaving({ sandboxId }: Pick<JobView, 'sandboxId'>, said: string, say: (words: string) => void): Saving {
  const styles = useStyles();
  const { bridge } = useServices();
  const save = useAction((format: SavedFormat) => bridge.shell('shell:save-job', { sandboxId, format }));
  const run = async (format: SavedFormat): Promise<void> => {
    say('');
    const value = await save.run(format);
    if (value !== undefined && value.file !== null) say(texts.job.save.saved(value.records, value.file));
  };
  const result =
    save.problem !== null ? (
      <ProblemCard
        problem={save.problem}
        actions={<Button onClick={() => save.clear()}>{texts.job.save.dismiss}</Button>}
        announce
      />
    ) : said !== '' ? (
      <div className={styles.said} role="status">
        {said}
        <Button
          size="small"
          appearance="subtle"
          icon={<Dismiss16Regular />}
          aria-label={texts.job.save.dismiss}
          onClick={() => say('')}
        />
      </div>
    ) : null;
  return { pending: save.pending, run: (format) => void run(format), result };
}
