import type { BackfillReport, RunReport } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { CheckList } from '../../components/check-list.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Disclosure } from '../../components/disclosure.tsx';
import { Section } from '../../components/section.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { count, counted, duration, rate } from '../../words/numbers.ts';
import { tookMs } from '../run/run-words.ts';
import { IssueActions } from '../issues/issue-actions.tsx';
import { IssueOutcome } from '../issues/issue-outcome.tsx';
import { IssueRows } from '../issues/issue-rows.tsx';
import { issueTotal } from '../issues/issues-words.ts';
import styles from './result.module.css';
import { changeWords, doneWords, isAccountedFor } from './result-words.ts';

type TableRows = RunReport['tables'][number];
type Timing = RunReport['migrations'][number];
const number = (value: number | null): string => (value === null ? '–' : count(value));

/** Below a thousand rows a speed says nothing. */
const speedOf = ({ expected, rowsPerSecond }: BackfillReport): number | null =>
  expected < 1_000 ? null : rowsPerSecond;

const backfillColumns: Column<BackfillReport>[] = [
  {
    id: 'what',
    header: 'What, from which table',
    value: (backfill) => backfill.title,
    cell: (backfill) => (
      <span className={styles.what}>
        <StateMark
          mark={{ tone: isAccountedFor(backfill) ? 'done' : 'attention', word: doneWords(backfill.title) }}
          wraps
        />
        <code className="muted">{backfill.source}</code>
      </span>
    ),
  },
  {
    id: 'expected',
    header: 'Expected',
    align: 'right',
    value: ({ expected }) => expected,
    cell: ({ expected }) => number(expected),
  },
  { id: 'moved', header: 'Moved', align: 'right', value: ({ moved }) => moved, cell: ({ moved }) => number(moved) },
  {
    id: 'right',
    header: 'Already right',
    align: 'right',
    value: (backfill) => backfill.alreadyRight,
    cell: (backfill) => number(backfill.alreadyRight),
  },
  {
    id: 'issues',
    header: 'Issue rows',
    align: 'right',
    value: ({ issueRows }) => issueRows,
    cell: ({ issueRows }) => number(issueRows),
  },
  {
    id: 'rate',
    header: 'Speed',
    align: 'right',
    value: speedOf,
    cell: (backfill) => {
      const speed = speedOf(backfill);
      return speed === null ? '–' : rate(speed);
    },
  },
];

const tableColumns: Column<TableRows>[] = [
  { id: 'name', header: 'Table', value: (table) => table.name, cell: ({ name }) => <code>{name}</code> },
  {
    id: 'before',
    header: 'Rows before',
    align: 'right',
    value: ({ rowsBefore }) => rowsBefore,
    cell: ({ rowsBefore }) => number(rowsBefore),
  },
  {
    id: 'after',
    header: 'Rows after',
    align: 'right',
    value: ({ rowsAfter }) => rowsAfter,
    cell: ({ rowsAfter }) => number(rowsAfter),
  },
  {
    id: 'change',
    header: 'Change',
    align: 'right',
    value: ({ rowsBefore, rowsAfter }) => (rowsAfter ?? 0) - (rowsBefore ?? 0),
    cell: ({ rowsBefore, rowsAfter }) => changeWords(rowsBefore, rowsAfter),
  },
];

const timingColumns: Column<Timing>[] = [
  { id: 'title', header: 'Migration', value: (migration) => migration.title },
  { id: 'id', header: 'Id', value: (migration) => migration.id, cell: ({ id }) => <code className="muted">{id}</code> },
  { id: 'ms', header: 'Time', align: 'right', value: (migration) => migration.ms, cell: ({ ms }) => duration(ms) },
];

interface EvidenceProps {
  readonly handle: string;
  readonly report: RunReport;
  /** The file as it is, where the report still speaks of it: then something can be done with its issue rows. */
  readonly actsOn: DatabaseStatus | null;
}

/** Everything that the headline rests on. */
export function ResultEvidence({ handle, report, actsOn }: EvidenceProps) {
  const { backfills, issues, checks, tables, migrations } = report;
  return (
    <>
      {backfills.length > 0 && (
        <Section
          title={report.ok ? 'Every row accounted for' : 'How far it came'}
          note="expected = moved + already right + issue rows; one row can be looked at by several steps"
          flush
        >
          <DataTable label="Backfills" rows={backfills} columns={backfillColumns} rowId={({ id }) => id} />
        </Section>
      )}
      {issues.length > 0 && (
        <>
          <Section
            title="Issue rows by reason"
            note={counted(issueTotal(issues), 'row')}
            flush
            actions={actsOn && <IssueActions handle={handle} status={actsOn} total={issueTotal(issues)} />}
          >
            {/* The report stays as it is: what has become of its rows is asked for when the file has others. */}
            <IssueRows key={JSON.stringify(actsOn?.issues)} handle={handle} issues={issues} />
          </Section>
          {actsOn && <IssueOutcome handle={handle} fileName={report.fileName} />}
        </>
      )}
      {checks.length > 0 && (
        <Section title="Checks" note={`${counted(checks.length, 'check')}, repeated by a fresh process`}>
          <CheckList checks={checks} label="Checks" />
        </Section>
      )}
      <Section title="More" note={`took ${duration(tookMs(report))}, run ${report.runId}`}>
        {tables.length > 0 && (
          <Disclosure summary={`Tables before and after: ${count(tables.length)}`}>
            <DataTable
              label="Tables before and after"
              rows={tables}
              columns={tableColumns}
              rowId={({ name }) => name}
            />
          </Disclosure>
        )}
        {migrations.length > 0 && (
          <Disclosure summary={`Timings of ${counted(migrations.length, 'migration')}`}>
            <DataTable label="Timings" rows={migrations} columns={timingColumns} rowId={({ id }) => id} />
          </Disclosure>
        )}
      </Section>
    </>
  );
}
