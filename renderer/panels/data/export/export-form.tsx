import { Button, Checkbox, Group, Radio, Switch } from '@mantine/core';
import type { ExportFormat } from '@shared/browse.ts';
import { useState } from 'react';
import { startExport } from '../../../stores/exports.ts';
import { useSession } from '../../../stores/session.ts';
import { count } from '../../../words/numbers.ts';
import { shownName } from '../../../words/text.ts';
import { SomeColumns } from '../some-columns.tsx';
import type { ExportSubject } from './export-subject.ts';
import { allWords, expectedRows, formats, isCsv, isNarrowed, narrowedWords } from './export-words.ts';
import styles from './export.module.css';

/** Format, rows and columns. Sensitive columns are left away unless they are chosen, and masked unless that is asked for, too. */
export function ExportForm(props: ExportSubject & { onClose: () => void }) {
  const { handle, table, query, shownColumns, shownRows, onClose } = props;
  const sensitive = table.columns.filter(({ isSensitive }) => isSensitive).map(({ name }) => name);
  const inOrder = [
    ...shownColumns,
    ...table.columns.map(({ name }) => name).filter((name) => !shownColumns.includes(name)),
  ];
  const [format, setFormat] = useState<ExportFormat>('csv');
  const [isAll, setAll] = useState(!isNarrowed(query));
  const [chosen, setChosen] = useState(new Set(shownColumns.filter((name) => !sensitive.includes(name))));
  const [hasMark, setMark] = useState(true);
  const [isRevealed, setRevealed] = useState(false);
  const fileChoosing = useSession((state) => state.info?.fileChoosing);
  const columns = inOrder.filter((name) => chosen.has(name));
  const hidden = columns.filter((name) => sensitive.includes(name));
  const isEvery = columns.length === inOrder.length && columns.every((name, at) => name === table.columns[at]?.name);
  const start = (): void => {
    const request = {
      query: isAll ? { ...query, filters: [], find: null } : query,
      columns: isEvery ? null : columns,
      format,
      hasMark: isCsv(format) && hasMark,
      revealed: isRevealed ? hidden : [],
    };
    void startExport(handle, request, expectedRows(table, shownRows, isAll));
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (columns.length > 0) start();
      }}
    >
      <Radio.Group label="Format" value={format} onChange={(value) => setFormat(value as ExportFormat)}>
        <div className={styles.formats}>
          {formats.map((each) => (
            <Radio
              key={each.format}
              size="xs"
              value={each.format}
              label={each.name}
              description={each.sentence}
              classNames={{ description: styles.sentence }}
              data-autofocus={each.format === 'csv' || undefined}
            />
          ))}
        </div>
      </Radio.Group>
      {isCsv(format) && (
        <Checkbox
          size="xs"
          label="Mark the file as UTF-8, so that Excel shows letters like é as they are"
          checked={hasMark}
          onChange={({ currentTarget }) => setMark(currentTarget.checked)}
        />
      )}
      {isNarrowed(query) && (
        <Radio.Group label="Rows" value={isAll ? 'all' : 'some'} onChange={(value) => setAll(value === 'all')}>
          <div className={styles.rows}>
            <Radio size="xs" value="some" label={narrowedWords(shownRows)} />
            <Radio size="xs" value="all" label={allWords(table)} />
          </div>
        </Radio.Group>
      )}
      <ColumnChoice inOrder={inOrder} sensitive={sensitive} chosen={chosen} onChange={setChosen} />
      {hidden.length > 0 && (
        <Switch
          size="xs"
          label={`Write the hidden values of ${hidden.map(shownName).join(', ')} too`}
          description="Anybody who has the file can read them. Otherwise it says “(not exported)” in their place."
          classNames={{ description: styles.sentence }}
          checked={isRevealed}
          onChange={({ currentTarget }) => setRevealed(currentTarget.checked)}
        />
      )}
      <p className="muted">
        {isNarrowed(query) ? '' : `${allWords(table)}, in the order shown. `}
        {fileChoosing === 'native' ? 'You choose the place next. ' : 'The file is put beside the database. '}
        Nothing is overwritten, and the database is only read.
      </p>
      <Group justify="flex-end" className={styles.foot}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" disabled={columns.length === 0}>
          {fileChoosing === 'native' ? 'Export…' : 'Export'}
        </Button>
      </Group>
    </form>
  );
}

interface ColumnChoiceProps {
  readonly inOrder: readonly string[];
  readonly sensitive: readonly string[];
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: Set<string>) => void;
}

function ColumnChoice({ inOrder, sensitive, chosen, onChange }: ColumnChoiceProps) {
  const safe = inOrder.filter((name) => !sensitive.includes(name));
  const toggle = (name: string): void => {
    const next = new Set(chosen);
    if (!next.delete(name)) next.add(name);
    onChange(next);
  };
  return (
    <fieldset className={styles.columns}>
      <legend>
        Columns, {count(chosen.size)} of {count(inOrder.length)}
      </legend>
      <Group gap={6}>
        <Button size="compact-xs" variant="subtle" onClick={() => onChange(new Set(safe))}>
          {sensitive.length > 0 ? 'All but hidden ones' : 'All'}
        </Button>
        <Button size="compact-xs" variant="subtle" onClick={() => onChange(new Set())}>
          None
        </Button>
      </Group>
      <SomeColumns names={inOrder}>
        {(listed) => (
          <div className={styles.columnList}>
            {listed.map((name) => (
              <Checkbox
                key={name}
                size="xs"
                label={sensitive.includes(name) ? `${shownName(name)} (hidden)` : shownName(name)}
                checked={chosen.has(name)}
                onChange={() => toggle(name)}
              />
            ))}
          </div>
        )}
      </SomeColumns>
    </fieldset>
  );
}
