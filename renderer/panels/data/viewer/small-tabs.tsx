import { useCallback, useState } from 'react';
import { bytes } from '../../../words/numbers.ts';
import { localTime, utcTime, type TimeReading } from './time-readings.ts';
import type { ValueHead } from './value-source.ts';
import styles from './viewer.module.css';

/** A picture, drawn by the browser from the bytes alone. */
export function ImageTab({ bytes: data, type }: { bytes: Uint8Array<ArrayBuffer>; type: string }) {
  const [size, setSize] = useState<string | null>(null);
  const draw = useCallback(
    (image: HTMLImageElement) => {
      const url = URL.createObjectURL(new Blob([data], { type }));
      image.src = url;
      return () => URL.revokeObjectURL(url);
    },
    [data, type],
  );
  return (
    <figure className={styles.picture}>
      <img
        ref={draw}
        alt={`The stored ${type.slice(6).toUpperCase()}`}
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) => setSize(`${naturalWidth} × ${naturalHeight}`)}
        onError={() => setSize('cannot be drawn: it is damaged')}
      />
      <figcaption className="muted">
        {type.slice(6).toUpperCase()}, {bytes(data.length)}
        {size !== null && `, ${size}`}
      </figcaption>
    </figure>
  );
}

/** What point in time a value may mean. */
export function TimeTab({ value, readings }: { value: string; readings: readonly TimeReading[] }) {
  return (
    <div className={styles.notice}>
      <p>
        Stored: <code>{value}</code>
      </p>
      {readings.length > 1 && <p className="muted">A number may be read in more than one way.</p>}
      <table className={styles.times}>
        <thead>
          <tr>
            <th scope="col">Read as</th>
            <th scope="col">Here</th>
            <th scope="col">UTC</th>
          </tr>
        </thead>
        <tbody>
          {readings.map(({ kind, at, isZoneAssumed }) => (
            <tr key={kind}>
              <th scope="row">
                {kind}
                {isZoneAssumed && ' (no zone named: read as UTC)'}
              </th>
              <td>{localTime(at)}</td>
              <td>{utcTime(at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Numbers and NULL. */
export function NumberTab({ head }: { head: ValueHead }) {
  if (head.type === 'null') {
    return (
      <div className={styles.notice}>
        <p>NULL: there is no value here. This is something else than an empty text or 0.</p>
      </div>
    );
  }
  return (
    <div className={styles.notice}>
      <p className={styles.big}>{head.value}</p>
      <p className="muted">{numberWords(head)}</p>
    </div>
  );
}

function numberWords({ type, value }: ValueHead): string {
  if (type === 'real') {
    if (value.includes('9e999')) return 'A number too large to be stored: infinity.';
    return 'A floating point number, 64 bits: the shortest text that is read back as the same number.';
  }
  const number = BigInt(value);
  const hex = `${number < 0n ? '-' : ''}0x${(number < 0n ? -number : number).toString(16)}`;
  return `An integer, exact to the last digit; in hexadecimal ${hex}.`;
}
