import { VisuallyHidden } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { RunSnapshot } from '@shared/run.ts';
import { announce } from './run-words.ts';

/** Politely, and not more often than anybody wants to hear. */
const SPEAK_EVERY_MS = 5_000;

/** Tells screen readers about the run: at once when its state changes, otherwise every few seconds. */
export function RunAnnouncer({ run }: { run: RunSnapshot }) {
  return (
    <VisuallyHidden role="status" aria-live="polite">
      <Spoken key={run.state} run={run} />
    </VisuallyHidden>
  );
}

function Spoken({ run }: { run: RunSnapshot }) {
  const [words, setWords] = useState(() => announce(run));
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  }, [run]);
  useEffect(() => {
    const timer = setInterval(() => setWords(announce(latest.current)), SPEAK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return words;
}
