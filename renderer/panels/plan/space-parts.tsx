import type { Plan } from '@shared/run.ts';
import { Disclosure } from '../../components/disclosure.tsx';
import { bytes } from '../../words/numbers.ts';
import { spaceDisks, spaceSummary } from './space-words.ts';
import styles from './plan.module.css';

/** Every number that the space is made of, disk by disk. Folded: the summary says whether there is enough. */
export function SpaceParts({ space }: { space: Plan['space'] }) {
  if (space.parts.length === 0) return null;
  return (
    <Disclosure summary={spaceSummary(space)}>
      <table className={styles.space}>
        <caption className="muted">What must be free; parts marked * are gone again when the run is over.</caption>
        {spaceDisks(space).map(({ disk, title, parts, totalBytes, freeBytes }) => (
          <tbody key={disk}>
            <tr>
              <th scope="rowgroup" colSpan={2}>
                {title}
              </th>
            </tr>
            {parts.map((part) => (
              <tr key={part.label}>
                <td>
                  {part.label}
                  {part.isTemporary && ' *'}
                </td>
                <td>{bytes(part.bytes)}</td>
              </tr>
            ))}
            <tr data-total>
              <td>Together</td>
              <td>{bytes(totalBytes)}</td>
            </tr>
            <tr>
              <td>Free there</td>
              <td>{bytes(freeBytes)}</td>
            </tr>
          </tbody>
        ))}
      </table>
    </Disclosure>
  );
}
