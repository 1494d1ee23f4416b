import { expect, it } from 'vitest';
import { columnsNamed, foundWords } from '../../../renderer/panels/data/some-columns.tsx';

it('columns are found by a part of what is shown as their name, the one of just this name first', () => {
  const names = ['created_at', 'Status', 'at', '', 'state'];
  expect(columnsNamed(names, '')).toEqual(names);
  expect(columnsNamed(names, ' AT')).toEqual(['at', 'created_at', 'Status', 'state']);
  expect(columnsNamed(names, 'no name')).toEqual(['']);
  expect(columnsNamed(names, 'x')).toEqual([]);
});

it('it is said where columns are not listed', () => {
  expect(foundWords(1_900)).toBe('60 of 1,900 columns are listed. Type part of a name to find the others.');
  expect(foundWords(60)).toBe('60 columns have this in their name.');
  expect(foundWords(1)).toBe('1 column has this in its name.');
  expect(foundWords(0)).toBe('No column has this in its name.');
});
