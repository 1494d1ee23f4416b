import { Button, Tabs } from '@mantine/core';
import { IconEyeOff } from '@tabler/icons-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Dialog } from '../../../components/dialog.tsx';
import { ErrorNotice } from '../../../components/error-notice.tsx';
import { useBrowse } from '../../../stores/browse.ts';
import { isRevealed, placeId, reveal, useRevealed } from '../../../stores/revealed.ts';
import { bytes, count } from '../../../words/numbers.ts';
import { shownName } from '../../../words/text.ts';
import { JsonTab } from './json-tab.tsx';
import { ImageTab, NumberTab, TimeTab } from './small-tabs.tsx';
import { HexTab, TextTab } from './text-tab.tsx';
import { useLook, type Look, type TabName } from './use-look.ts';
import { createValueSource, type ValuePlace, type ValueSource } from './value-source.ts';
import styles from './viewer.module.css';

interface ValueViewerProps {
  readonly isOpen: boolean;
  /** null: none was looked at yet. */
  readonly place: ValuePlace | null;
  readonly isSensitive: boolean;
  readonly onClose: () => void;
}

/** One value, whole, in the ways that fit it. Esc closes it, and the focus goes back to where it came from. */
export function ValueViewer({ isOpen, place, isSensitive, onClose }: ValueViewerProps) {
  const isShown = useRevealed(({ ids }) => !isSensitive || (place !== null && ids.has(placeId(place))));
  const title = place ? `${shownName(place.column)}, one value of ${shownName(place.table)}` : '';
  return (
    <Dialog title={title} isOpen={isOpen} onClose={onClose} width={960}>
      {place && isShown && <Shown key={placeId(place)} place={place} isSensitive={isSensitive} />}
      {place && !isShown && <Hidden onShow={() => reveal(place)} />}
    </Dialog>
  );
}

function Hidden({ onShow }: { onShow: () => void }) {
  return (
    <div className={styles.notice}>
      <p>This value is sensitive, so it is hidden. Make sure that nobody looks over your shoulder.</p>
      <div>
        <Button variant="default" data-autofocus onClick={onShow}>
          Show this value
        </Button>
      </div>
    </div>
  );
}

function Shown({ place, isSensitive }: { place: ValuePlace; isSensitive: boolean }) {
  const { handle, table, rowKey, column } = place;
  const asked = useBrowse(({ byHandle }) => byHandle[handle]?.asked ?? 0);
  const again = useMemo(
    () => createValueSource({ handle, table, rowKey, column }, isSensitive && isRevealed({ handle, table, rowKey, column })), // prettier-ignore
    // oxlint-disable-next-line react/exhaustive-deps -- `asked` grows when the rows are to be read anew, and this with them
    [handle, table, rowKey, column, isSensitive, asked],
  );
  const { look, source, error } = useLook(again);
  if (error && !look) return <ErrorNotice error={error} />;
  return (
    <div className={styles.viewer}>
      {isSensitive && (
        <p className={styles.facts} role="status">
          <IconEyeOff size={13} aria-hidden /> Shown to you now; hidden again when you leave this row.
        </p>
      )}
      {error && <ErrorNotice error={error} />}
      {look ? <Tabbed look={look} source={source} /> : <p role="status">Reading the value…</p>}
    </div>
  );
}

function Tabbed({ look, source }: { look: Look; source: ValueSource }) {
  const [chosen, setTab] = useState<TabName>(look.tabs[0] ?? 'Hex');
  const tab = look.tabs.includes(chosen) ? chosen : (look.tabs[0] ?? 'Hex'); // by now it may be of another kind
  const list = useRef<HTMLDivElement>(null);
  // From the button that closes, where a dialog begins, to what there is to see.
  useEffect(() => list.current?.querySelector<HTMLElement>('[aria-selected=true]')?.focus(), []);
  const { head } = look;
  return (
    <>
      <p className={styles.facts}>{factsOf(look)}</p>
      <Tabs
        value={tab}
        onChange={(next) => setTab((next ?? 'Hex') as TabName)}
        className={styles.tabs}
        keepMounted={false}
      >
        <Tabs.List ref={list}>
          {look.tabs.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} className={styles.pane}>
          {tab === 'Value' && <NumberTab head={head} />}
          {tab === 'Text' && <TextTab source={source} head={head} />}
          {tab === 'Hex' && <HexTab source={source} head={head} />}
          {tab === 'JSON' && <JsonTab text={look.text} />}
          {tab === 'Time' && <TimeTab value={look.text} readings={look.readings} />}
          {tab === 'Image' && look.whole && look.image && <ImageTab bytes={look.whole} type={look.image} />}
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

/** "Text, 1.2 MB (1,204,332 bytes), UTF-16le" */
function factsOf({ head, isBroken, tooLargeFor }: Look): string {
  if (head.type === 'null') return 'No value';
  if (head.type === 'integer' || head.type === 'real')
    return head.type === 'real' ? 'Floating point number' : 'Integer';
  const size = head.totalBytes < 1_000 ? bytes(head.totalBytes) : `${bytes(head.totalBytes)} (${count(head.totalBytes)} bytes)`; // prettier-ignore
  return [
    `${head.type === 'blob' ? 'Blob' : 'Text'}, ${size}`,
    ...(head.encoding === 'UTF-8' ? [] : [head.encoding]),
    ...(isBroken ? ['not valid in its encoding: broken bytes are shown as ⟨ff⟩'] : []),
    ...(tooLargeFor === null ? [] : [`too large to be shown as ${tooLargeFor}`]),
  ].join(', ');
}
