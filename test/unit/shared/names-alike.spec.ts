import { expect, it } from 'vitest';
import { namesAlike } from '@shared/names-alike.ts';

it('a name is typed as a keyboard can, however it is stored', () => {
  expect(namesAlike('Gr\u00f6\u00dfe.db', 'Gro\u0308\u00dfe.db')).toBe(true); // as macOS stores it
  expect(namesAlike('two blanks.db', 'two  blanks.db')).toBe(true); // as a page shows it
  expect(namesAlike('at 3.14 PM.db', 'at 3.14\u202fPM.db')).toBe(true); // as macOS names pictures
  expect(namesAlike('a b.db', 'a\u00a0\u00a0b.db')).toBe(true);
  expect(namesAlike(' lights.db ', 'lights.db')).toBe(true);
});

it('a name that reads otherwise is another one', () => {
  expect(namesAlike('Lights.db', 'lights.db')).toBe(false);
  expect(namesAlike('Grosse.db', 'Gro\u0308\u00dfe.db')).toBe(false);
  expect(namesAlike('twoblanks.db', 'two  blanks.db')).toBe(false);
  expect(namesAlike('', 'lights.db')).toBe(false);
});
