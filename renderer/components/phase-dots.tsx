import styles from './phase-dots.module.css';

/** The phases as small dots: filled = reached. */
export function PhaseDots({ reached, count }: { reached: number | null; count: number }) {
  const words = reached === null ? `No phase reached, ${count} in all` : `Phase ${reached} of ${count - 1} reached`;
  return (
    <span role="img" aria-label={words} title={words} className={styles.dots}>
      {Array.from({ length: count }, (_, phase) => (
        <span key={phase} className={styles.dot} data-reached={reached !== null && phase <= reached} />
      ))}
    </span>
  );
}
