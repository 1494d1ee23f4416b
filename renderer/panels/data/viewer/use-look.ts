import type { AppError } from '@shared/errors.ts';
import { useEffect, useRef, useState } from 'react';
import { decodeAnything, hasBrokenBytes } from './text-parts.ts';
import { imageKind } from './image-kind.ts';
import { timeReadings, type TimeReading } from './time-readings.ts';
import type { ValueHead, ValueSource } from './value-source.ts';

/** What is known of a value before a tab is drawn. */
export interface Look {
  readonly head: ValueHead;
  readonly tabs: readonly TabName[];
  readonly readings: readonly TimeReading[];
  /** Media type of a picture. */
  readonly image: string | null;
  /** Of pictures and JSON. */
  readonly whole: Uint8Array<ArrayBuffer> | null;
  readonly text: string;
  readonly isBroken: boolean;
  /** It looks like JSON or a picture, but is larger than this window takes at once. */
  readonly tooLargeFor: 'JSON' | 'Image' | null;
}
export type TabName = 'Value' | 'Text' | 'JSON' | 'Image' | 'Time' | 'Hex';

/** A tree of more would take the window too long. */
const MOST_JSON_BYTES = 4_000_000;
const MOST_IMAGE_BYTES = 24_000_000;
/** Short texts may be times. */
const MOST_TIME_BYTES = 128;

interface Looked {
  readonly look: Look | null;
  /** Where the tabs get the rest of what was looked at. */
  readonly source: ValueSource;
  readonly error: AppError | null;
}

/**
 * Looks at a value's beginning, and at all of it where a tab needs that; with another `source` once more. What is shown
 * stays until the answer is there, and below the reason why it could not be read again, as rows do. A value of several
 * stretches is looked at only once: somebody may be anywhere in it.
 */
export function useLook(source: ValueSource): Looked {
  const [state, setState] = useState<Looked>({ look: null, source, error: null });
  const isLong = (state.look?.head.parts ?? 1) > 1;
  const last = useRef<{ readonly source: ValueSource; isOver: boolean } | null>(null);
  useEffect(() => {
    // One after the other: beside a program that writes all the time, no look would ever come to its end.
    if (isLong || last.current?.source === source || last.current?.isOver === false) return;
    const own = { source, isOver: false };
    last.current = own;
    void lookAt(source).then(({ look, error }) => {
      own.isOver = true;
      setState((before) => (look ? { look, source, error } : { ...before, error }));
    });
  }, [source, isLong, state]);
  return state;
}

async function lookAt(source: ValueSource): Promise<Omit<Looked, 'source'>> {
  const head = await source.head();
  if (!head.ok) return { look: null, error: head.error };
  if (['null', 'integer', 'real'].includes(head.value.type)) return { look: lookAtNumber(head.value), error: null };
  const first = await source.part(0);
  if (!first.ok) return { look: null, error: first.error };
  const start = first.value.bytes;
  const { type, totalBytes } = head.value;
  const encoding = type === 'blob' ? 'UTF-8' : head.value.encoding;
  const text = decodeAnything(start, encoding);
  const isText = type !== 'blob' || (totalBytes > 0 && isMostlyText(text));
  const image = imageKind(start);
  const isJson = isText && /^\s*[[{]/.test(text);
  const wants = image ? totalBytes <= MOST_IMAGE_BYTES : isJson && totalBytes <= MOST_JSON_BYTES;
  const whole = wants ? await source.whole(totalBytes) : null;
  if (whole && !whole.ok) return { look: null, error: whole.error };
  const all = whole?.value ?? null;
  const readings = totalBytes <= MOST_TIME_BYTES ? timeReadings('text', text) : [];
  const tabs: TabName[] = [
    ...(image && all ? (['Image'] as const) : []),
    ...(isJson && all ? (['JSON'] as const) : []),
    ...(isText ? (['Text'] as const) : []),
    ...(readings.length > 0 ? (['Time'] as const) : []),
    'Hex',
  ];
  const look: Look = {
    head: { ...head.value, encoding },
    tabs,
    readings,
    image,
    whole: all,
    text: isJson && all ? decodeAnything(all, encoding) : text,
    isBroken: type !== 'blob' && hasBrokenBytes(text),
    tooLargeFor: all ? null : image ? 'Image' : isJson ? 'JSON' : null,
  };
  return { look, error: null };
}

function lookAtNumber(head: ValueHead): Look {
  const readings = timeReadings(head.type, head.value);
  return {
    ...{ head, readings, image: null, whole: null, text: head.value, isBroken: false, tooLargeFor: null },
    tabs: ['Value', ...(readings.length > 0 ? (['Time'] as const) : [])],
  };
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const isMostlyText = (text: string): boolean => !hasBrokenBytes(text) && !/[\u0000-\u0008\u000e-\u001f]/.test(text);
