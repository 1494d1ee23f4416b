import { TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useState } from 'react';
import { count } from '../../words/numbers.ts';
import { shownName } from '../../words/text.ts';
import styles from './some-columns.module.css';

/** Drawn at once without a wait: all 1,900 of a wide table took 1.6 s, and 0.8 s again at every click in them. */
const MOST_LISTED = 60;

interface SomeColumnsProps {
  readonly names: readonly string[];
  /** Draws those that are listed. */
  readonly children: (listed: readonly string[]) => ReactNode;
}

/** Every column of a table; of a wide one the first, and those that are looked for. */
export function SomeColumns({ names, children }: SomeColumnsProps) {
  const [text, setText] = useState('');
  // Until something else is looked for: what is moved away from among the first must not vanish under the keyboard.
  const [listed, setListed] = useState(() => firstOf(names, ''));
  if (names.length <= MOST_LISTED) return children(names);
  const found = columnsNamed(names, text);
  return (
    <>
      <TextInput
        size="xs"
        mb={6}
        aria-label="Find columns"
        placeholder="Find columns"
        value={text}
        onChange={({ currentTarget: { value } }) => {
          setText(value);
          setListed(firstOf(names, value));
        }}
        onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()} // begins nothing in the form around it
      />
      {children(found.filter((name) => listed.has(name)))}
      <p role="status" className={styles.found}>
        {foundWords(found.length)}
      </p>
    </>
  );
}

const firstOf = (names: readonly string[], text: string): ReadonlySet<string> =>
  new Set(columnsNamed(names, text).slice(0, MOST_LISTED));

/** By a part of what is shown as their name. The one of just this name comes first: many others may have it in theirs. */
export function columnsNamed(names: readonly string[], text: string): readonly string[] {
  const wanted = text.trim().toLowerCase();
  const isIt = (name: string): number => Number(shownName(name).toLowerCase() === wanted);
  return names
    .filter((name) => shownName(name).toLowerCase().includes(wanted))
    .toSorted((one, other) => isIt(other) - isIt(one));
}

export function foundWords(found: number): string {
  if (found > MOST_LISTED)
    return `${MOST_LISTED} of ${count(found)} columns are listed. Type part of a name to find the others.`;
  if (found === 0) return 'No column has this in its name.';
  return found === 1 ? '1 column has this in its name.' : `${count(found)} columns have this in their name.`;
}
