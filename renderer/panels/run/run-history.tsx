import type { RunReport } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Section } from '../../components/section.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { useBackups } from '../../stores/backups.ts';
import { supersededBy } from '../result/superseded.ts';
import { formatRoute } from '../../route.ts';
import { duration } from '../../words/numbers.ts';
import { dateTime } from '../../words/times.ts';
import { backupWords, historyMark, historyTitle, tookMs } from './run-words.ts';
import styles from './run.module.css';

/** Every run of this database from the journal, newest first. */
export function RunHistory({
  handle,
  status,
  history,
  except,
}: {
  handle: string;
  status: DatabaseStatus;
  history: readonly RunReport[] | undefined;
  except: string | null;
}) {
  const restores = useBackups((state) => state.byHandle[handle]?.list?.restores);
  const rows = (history ?? []).filter(({ runId }) => runId !== except);
  if (rows.length === 0) return null;
  const link = (report: RunReport) => (
    <a href={formatRoute({ page: 'database', handle, tab: 'activity', detail: report.runId })} className={styles.link}>
      {dateTime(report.startedAt)}
    </a>
  );
  const columns: Column<RunReport>[] = [
    { id: 'when', header: 'When', width: '160px', value: (report) => report.startedAt, cell: link },
    {
      id: 'what',
      header: 'What',
      value: historyTitle,
      cell: (report) => <StateMark mark={historyMark(report, supersededBy(report, status, restores ?? []))} wraps />,
    },
    {
      id: 'took',
      header: 'Took',
      width: '110px',
      align: 'right',
      value: tookMs,
      cell: (report) => duration(tookMs(report)),
    },
    { id: 'backup', header: 'Backup', width: '190px', value: backupWords },
    {
      id: 'id',
      header: 'Run',
      value: (report) => report.runId,
      cell: (report) => <code className="muted">{report.runId}</code>,
    },
  ];
  return (
    <div className={styles.history}>
      <Section title="Earlier runs" flush>
        <DataTable label="Earlier runs" rows={rows} columns={columns} rowId={(report) => report.runId} />
      </Section>
    </div>
  );
}
