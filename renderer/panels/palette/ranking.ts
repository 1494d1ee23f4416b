/** What a person may look for by typing a part of it. */
export interface Findable {
  readonly title: string;
  /** Further words that lead here: a code, an older name, what somebody else would call it. */
  readonly words: string;
}

/** "rc" for run_candidates: better than the same letters in the middle of a word. */
const INITIALS = 0.65;
/** Where the text is only one of the further words, it counts this much less than in the title. */
const ELSEWHERE = 0.6;

/**
 * The entries that the text leads to, best first; equally good ones in their own order. Every word of the text has to be
 * found, its letters in this order, in the title or in the further words.
 */
export function rank<T extends Findable>(entries: readonly T[], text: string): readonly T[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return entries;
  return entries
    .map((entry) => ({ entry, score: scoreOf(entry, wanted) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .map(({ entry }) => entry);
}

function scoreOf({ title, words }: Findable, wanted: readonly string[]): number {
  let sum = 0;
  for (const word of wanted) {
    const score = Math.max(matchScore(title, word), ELSEWHERE * matchScore(words, word));
    if (score === 0) return 0;
    sum += score;
  }
  return sum;
}

/** 0 = the letters are not there in this order; else the better the higher, 1 for the very text. */
export function matchScore(text: string, wanted: string): number {
  const lower = text.toLowerCase();
  if (lower === wanted) return 1;
  const spread = scattered(text, lower, wanted);
  const at = lower.indexOf(wanted);
  if (at < 0) return spread === 1 ? INITIALS : 0.4 * spread;
  const best = bestStart(text, lower, wanted, at);
  if (best === null) return Math.max(spread === 1 ? INITIALS : 0, 0.5 + 0.1 * (wanted.length / lower.length));
  return (best === 0 ? 0.85 : 0.7) + 0.1 * (wanted.length / lower.length);
}

/** Where the text begins, or a word in it, with what is wanted; null = only in the middle of words. */
function bestStart(text: string, lower: string, wanted: string, first: number): number | null {
  for (let at = first; at >= 0; at = lower.indexOf(wanted, at + 1)) if (startsWord(text, at)) return at;
  return null;
}

/** 0 to 1 for letters that stand apart: the more of them begin words or follow each other, the better. */
function scattered(text: string, lower: string, wanted: string): number {
  let best = 0;
  const [initial = ''] = wanted;
  for (let from = lower.indexOf(initial); from >= 0; from = lower.indexOf(initial, from + 1)) {
    let points = 0;
    let last = from - 1;
    for (const letter of wanted) {
      const at = lower.indexOf(letter, last + 1);
      if (at < 0) return best; // beginning later cannot find it either
      points += startsWord(text, at) ? 1 : at === last + 1 ? 0.8 : 0.2;
      last = at;
    }
    best = Math.max(best, points / wanted.length);
  }
  return best;
}

/** "run_candidates", "northern-lights.db", "jobTypes", "phase 4" */
const startsWord = (text: string, at: number): boolean =>
  at === 0 ||
  !/[\p{L}\p{N}]/u.test(text[at - 1] ?? '') ||
  (/\p{Lu}/u.test(text[at] ?? '') && /\p{Ll}/u.test(text[at - 1] ?? ''));
