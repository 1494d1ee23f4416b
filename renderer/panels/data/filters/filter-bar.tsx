import { ActionIcon, Button, NativeSelect, Popover, TextInput } from '@mantine/core';
import { IconFilterPlus, IconSearch, IconX } from '@tabler/icons-react';
import type { BrowseQuery, BrowseTable } from '@shared/browse.ts';
import { useEffect, useState } from 'react';
import { changeQuery } from '../../../stores/browse.ts';
import { FIND_FIELD } from '../../../stores/find-field.ts';
import { shownName } from '../../../words/text.ts';
import { filterOf, filterWords, operators, operatorsOf, type Draft, type Operator } from './filter-words.ts';
import styles from './filters.module.css';

interface FilterBarProps {
  readonly handle: string;
  readonly table: BrowseTable;
  readonly query: BrowseQuery;
  /** The column that a new filter speaks of at first. */
  readonly column: string | undefined;
}

/** Which rows are shown: a search in all columns, and any number of filters that must all hold. */
export function FilterBar({ handle, table, query, column }: FilterBarProps) {
  const remove = (at: number): void =>
    changeQuery(handle, { filters: query.filters.filter((_, index) => index !== at) });
  return (
    <div className={styles.bar}>
      <Find handle={handle} find={query.find} hasHidden={table.columns.some(({ isSensitive }) => isSensitive)} />
      <NewFilter handle={handle} table={table} query={query} column={column} />
      <ul className={styles.chips} aria-label="Filters">
        {query.filters.map((filter, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- two filters may be equal
          <li key={at} className={styles.chip}>
            <span>{filterWords(filter)}</span>
            <ActionIcon
              size="xs"
              variant="transparent"
              color="gray"
              aria-label={`Remove the filter: ${filterWords(filter)}`}
              onClick={({ currentTarget }) => {
                // The chips behind it move up. Behind the last one there is none, and its button goes with the focus.
                if (at === query.filters.length - 1) focusBefore(currentTarget);
                remove(at);
              }}
            >
              <IconX size={12} aria-hidden />
            </ActionIcon>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The chip before this one, or the search where it is the first. */
function focusBefore(button: HTMLElement): void {
  const chip = button.closest('li')?.previousElementSibling;
  (chip?.querySelector('button') ?? document.getElementById(FIND_FIELD))?.focus();
}

const TYPING_PAUSE_MS = 350;

function Find({ handle, find, hasHidden }: { handle: string; find: string | null; hasHidden: boolean }) {
  const label = hasHidden ? 'Find in all columns but hidden ones' : 'Find in all columns';
  const [text, setText] = useState(find ?? '');
  useEffect(() => {
    if (text === (find ?? '')) return;
    const timer = setTimeout(() => changeQuery(handle, { find: text === '' ? null : text }), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [handle, find, text]);
  return (
    <TextInput
      id={FIND_FIELD}
      aria-keyshortcuts="Control+F Meta+F"
      size="xs"
      w={220}
      placeholder={hasHidden ? 'Find, not in hidden columns' : label}
      aria-label={label}
      title={label}
      leftSection={<IconSearch size={13} aria-hidden />}
      value={text}
      onChange={({ currentTarget }) => setText(currentTarget.value)}
    />
  );
}

function NewFilter({ handle, table, query, column }: FilterBarProps) {
  const [isOpen, setOpen] = useState(false);
  const choicesOf = (name: string) =>
    operatorsOf(table.columns.find((each) => each.name === name) ?? { isSensitive: false });
  const firstOf = (name: string): Operator => choicesOf(name)[0]?.operator ?? 'equals';
  const named = column ?? table.columns[0]?.name ?? '';
  const start: Draft = { column: named, operator: firstOf(named), first: '', second: '' };
  const [draft, setDraft] = useState(start);
  const change = (next: Partial<Draft>): void => setDraft((now) => ({ ...now, ...next }));
  const wanted = operators.find(({ operator }) => operator === draft.operator)?.values ?? 1;
  const filter = filterOf(draft);
  const isJson = draft.operator === 'json-equals';
  const add = (): void => {
    if (!filter) return;
    changeQuery(handle, { filters: [...query.filters, filter] });
    setOpen(false);
  };
  return (
    <Popover opened={isOpen} onChange={setOpen} trapFocus position="bottom-start" shadow="md">
      <Popover.Target>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconFilterPlus size={14} aria-hidden />}
          onClick={() => {
            setDraft(start);
            setOpen(!isOpen);
          }}
        >
          Filter
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          className={styles.form}
          aria-label="New filter"
          onSubmit={(event) => {
            event.preventDefault();
            add();
          }}
        >
          <NativeSelect
            size="xs"
            label="Column"
            data={table.columns.map(({ name }) => ({ value: name, label: shownName(name) }))}
            value={draft.column}
            onChange={({ currentTarget: { value } }) => {
              const isThere = choicesOf(value).some(({ operator }) => operator === draft.operator);
              change({ column: value, ...(!isThere && { operator: firstOf(value) }) });
            }}
          />
          <NativeSelect
            size="xs"
            label="Condition"
            data={choicesOf(draft.column).map(({ operator, title }) => ({ value: operator, label: title }))}
            value={draft.operator}
            onChange={({ currentTarget }) => change({ operator: currentTarget.value as Operator })}
          />
          {wanted > 0 && (
            <TextInput
              size="xs"
              data-autofocus
              label={
                isJson ? 'Path, e.g. status or items[0].id' : draft.operator === 'in' ? 'Values, with commas' : 'Value'
              }
              value={draft.first}
              onChange={({ currentTarget }) => change({ first: currentTarget.value })}
            />
          )}
          {wanted > 1 && (
            <TextInput
              size="xs"
              label={isJson ? 'Value' : 'and'}
              value={draft.second}
              onChange={({ currentTarget }) => change({ second: currentTarget.value })}
            />
          )}
          <Button size="xs" type="submit" disabled={filter === null}>
            Show these rows
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
