import { Button } from '@mantine/core';
import type { DatabaseStatus, Drift, LedgerEntry } from '@shared/status.ts';
import { CheckList } from '../../components/check-list.tsx';
import { DataTable, type Column } from '../../components/data-table.tsx';
import { Disclosure } from '../../components/disclosure.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Facts } from '../../components/facts.tsx';
import { PathText } from '../../components/path-text.tsx';
import { Section } from '../../components/section.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { look, useDatabases } from '../../stores/databases.ts';
import { call } from '../../api.ts';
import { useSession } from '../../stores/session.ts';
import { bytes, counted, duration } from '../../words/numbers.ts';
import { ledgerMarks } from '../../words/states.ts';
import { dateTime } from '../../words/times.ts';
import { StopReading } from '../frame/stop-reading.tsx';
import styles from './overview.module.css';

const ledgerColumns: Column<LedgerEntry>[] = [
  { id: 'version', header: 'Entry', value: (entry) => entry.version, cell: ({ version }) => <code>{version}</code> },
  {
    id: 'source',
    header: 'Written by',
    value: ({ source }) => ({ phasewise: 'Phasewise', program: 'the program', unknown: 'unknown' })[source],
  },
  { id: 'at', header: 'When', value: (entry) => dateTime(entry.appliedAt) },
  {
    id: 'state',
    header: 'Holds',
    value: (entry) => ledgerMarks[entry.state].word,
    cell: ({ state }) => <StateMark mark={ledgerMarks[state]} size={14} />,
  },
  { id: 'note', header: 'Note', value: (entry) => entry.note },
];

const driftColumns: Column<Drift>[] = [
  { id: 'object', header: 'Object', value: (drift) => drift.object, cell: ({ object }) => <code>{object}</code> },
  { id: 'phase', header: 'Phase', width: '80px', align: 'right', value: (drift) => drift.phase },
  { id: 'finding', header: 'Finding', value: (drift) => drift.finding },
];

/** The proof behind the words, for support and QA. */
export function EvidenceSection({ handle, status }: { handle: string; status: DatabaseStatus }) {
  const isChecking = useDatabases((state) => state.views[handle]?.busy === 'checking');
  const stopped = useDatabases((state) => state.views[handle]?.stopped ?? null);
  const { health, variant, ledger, drift } = status;
  return (
    <Section
      title="Evidence"
      note="what the sentences above rest on"
      actions={
        <>
          <span role="status" className="muted">
            {isChecking ? 'Reading all data; nothing is changed…' : ''}
          </span>
          {isChecking && <StopReading handle={handle} reading="database:check" />}
          <Button variant="default" disabled={isChecking} onClick={() => void look(handle, 'check')}>
            Check all data
          </Button>
        </>
      }
    >
      {stopped && <ErrorNotice error={stopped} subject={status.file.name} />}
      <Disclosure summary={`Recognised by ${counted(variant.evidence.length, 'finding')}`}>
        <p className={styles.detailWords}>{variant.description}</p>
        <ul className={styles.bullets}>
          {variant.evidence.map((finding) => (
            <li key={finding}>{finding}</li>
          ))}
        </ul>
      </Disclosure>
      <Disclosure summary={`Health: ${counted(health.checks.length, 'check')}`}>
        <CheckList checks={health.checks} label="Health checks" />
      </Disclosure>
      <Disclosure summary={`Ledger in the file: ${counted(ledger.length, 'entry', 'entries')}`}>
        <DataTable
          label="Ledger"
          rows={ledger}
          columns={ledgerColumns}
          rowId={(entry) => entry.version}
          emptyText="The file keeps no ledger yet."
        />
      </Disclosure>
      <Disclosure
        summary={`Drift: ${drift.length === 0 ? 'none' : counted(drift.length, 'finding')}`}
        isOpen={drift.length > 0}
      >
        <DataTable
          label="Drift"
          rows={drift}
          columns={driftColumns}
          rowId={({ object, finding }) => `${object} ${finding}`}
          emptyText="The schema is what its applied migrations produce."
        />
      </Disclosure>
      <Disclosure summary="The file itself">
        <FileFactsList handle={handle} status={status} />
      </Disclosure>
    </Section>
  );
}

function FileFactsList({ handle, status: { file, elapsedMs } }: { handle: string; status: DatabaseStatus }) {
  const canReveal = useSession((state) => state.info?.canRevealFiles ?? false);
  return (
    <>
      <Facts
        facts={[
          { label: 'Path', value: <PathText path={file.path} maxLength={90} /> },
          {
            label: 'Size',
            value: `${bytes(file.sizeBytes)}${file.walBytes > 0 ? `, and ${bytes(file.walBytes)} in its write-ahead log` : ''}`,
          },
          { label: 'Journal mode', value: file.journalMode === 'wal' ? 'WAL' : 'rollback journal' },
          { label: 'Page size', value: `${counted(file.pageSizeBytes, 'byte')}, ${file.encoding}` },
          {
            label: 'Looked at',
            value: `${file.inspectedVia === 'in-place' ? 'in its place, read-only' : 'through a private copy, so that no file appears beside it'}, in ${duration(elapsedMs)}`,
          },
        ]}
      />
      {canReveal && (
        <Button variant="default" mt={8} onClick={() => void call('database:reveal', { handle })}>
          Show in folder
        </Button>
      )}
    </>
  );
}
