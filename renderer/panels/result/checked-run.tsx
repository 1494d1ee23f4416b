import { Button } from '@mantine/core';
import { IconCircleCheckFilled } from '@tabler/icons-react';
import { CheckList } from '../../components/check-list.tsx';
import { Page, PageHead } from '../../components/page.tsx';
import { Section } from '../../components/section.tsx';
import type { Checked } from '../../stores/recovery.ts';
import { goTo } from '../../stores/route.ts';
import { counted } from '../../words/numbers.ts';
import { dateTime } from '../../words/times.ts';
import { checksPassed } from './result-words.ts';
import styles from './result.module.css';

/** The verdict that was asked for in this window, on a run whose report is not kept here: there is nothing else to show. */
export function CheckedRun({ handle, checked: { at, checks } }: { handle: string; checked: Checked }) {
  return (
    <Page label="Result">
      <PageHead
        title="The final check holds."
        actions={
          <Button size="sm" onClick={() => goTo(handle, 'overview')}>
            Back to the overview
          </Button>
        }
      >
        <p className={styles.verified}>
          <IconCircleCheckFilled size={18} aria-hidden />
          Verified: a fresh process opened the file again{checksPassed(checks)}.
        </p>
        <p className="muted">
          Checked {dateTime(at)}. There is no report of the upgrade here: it was begun under another name of the file,
          or on another computer.
        </p>
      </PageHead>
      <Section title="Checks" note={`${counted(checks.length, 'check')}, made by a fresh process`}>
        <CheckList checks={checks} label="Checks" />
      </Section>
    </Page>
  );
}
