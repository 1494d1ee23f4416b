import { Button } from '@mantine/core';
import type { SourceCoverage } from '@shared/run.ts';
import { Disclosure } from '../../components/disclosure.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { PathText } from '../../components/path-text.tsx';
import { Section } from '../../components/section.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { counted } from '../../words/numbers.ts';
import { choiceMarks, coverageAdvice, coverageCounts, namedWords, sampleMarks } from './source-words.ts';
import { useSource } from './use-source.ts';
import styles from './plan.module.css';

interface SourceProps {
  readonly handle: string;
  readonly source: SourceCoverage;
  readonly fileName: string;
  readonly onChange: (source: SourceCoverage | null) => void;
}

/** Asks once where the files lie that this plan can read, and shows how they match. Nothing waits for the answer. */
export function SourceSection({ handle, source, fileName, onChange }: SourceProps) {
  const { isBusy, error, choose, decline } = useSource(handle, source.title, onChange);
  const isDeclined = source.choice === 'declined';
  return (
    <Section title={source.title} note="only read, never changed">
      <p className={styles.question}>{source.question}</p>
      <p className="muted">{source.explanation}</p>
      <div className={styles.folder}>
        <StateMark mark={choiceMarks[source.choice]} wraps />
        {source.folder !== null && <PathText path={source.folder} maxLength={64} what="folder" />}
      </div>
      {source.folder !== null && (
        <>
          <p>{namedWords(source)}</p>
          {source.rows > 0 && <Coverage source={source} />}
        </>
      )}
      <p className="muted">
        {coverageAdvice(source)}
        {!source.isComplete && ' There are too many to look into each: these counts speak of the first ones.'}
      </p>
      {source.folder !== null && source.samples.length > 0 && <Samples source={source} />}
      {error && <ErrorNotice error={error} subject={fileName} />}
      <div className={styles.sourceActions}>
        <Button variant="default" disabled={isBusy} onClick={choose}>
          {source.folder === null ? 'Choose a folder…' : 'Choose another folder…'}
        </Button>
        {isDeclined ? (
          <Button variant="default" disabled={isBusy} onClick={() => decline(false)}>
            Look for them again
          </Button>
        ) : (
          <Button variant="default" disabled={isBusy} onClick={() => decline(true)}>
            Go on without them
          </Button>
        )}
        <span role="status" className="muted">
          {isBusy ? 'Looking at the files; nothing is changed…' : ''}
        </span>
      </div>
    </Section>
  );
}

function Coverage({ source }: { source: SourceCoverage }) {
  return (
    <ul className={styles.coverage} aria-label={`${source.title} and the database`}>
      {coverageCounts(source).map(({ tone, words }) => (
        <li key={words}>
          <StateMark mark={{ tone, word: words }} />
        </li>
      ))}
    </ul>
  );
}

/** A few of them, those in trouble with the file that was found. */
function Samples({ source: { samples, title } }: { source: SourceCoverage }) {
  return (
    <Disclosure summary={`Show ${counted(samples.length, 'example')}`}>
      <ul className={styles.samples} aria-label={`${title}, examples`}>
        {samples.map(({ path, state, file }, index) => (
          <li key={`${index} ${path}`}>
            <StateMark mark={sampleMarks[state]} size={14} />
            <PathText path={path} maxLength={48} canCopy={false} />
            {file !== null && state !== 'found' && (
              <span className={styles.sampleFile}>
                the file: <PathText path={file} maxLength={44} what="path of the file" />
              </span>
            )}
          </li>
        ))}
      </ul>
    </Disclosure>
  );
}
