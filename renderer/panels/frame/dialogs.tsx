import { useState } from 'react';
import { lazyPart, LazyPlace } from '../../components/lazy-part.tsx';
import { CrashNotice } from '../../components/crash-notice.tsx';
import { useDialogs } from '../../stores/dialogs.ts';

const PickerDialog = lazyPart(() => import('../picker/picker-dialog.tsx').then((part) => part.PickerDialog));
const PaletteDialog = lazyPart(() => import('../palette/palette-dialog.tsx').then((part) => part.PaletteDialog));
const DropHint = lazyPart(() => import('./drop-hint.tsx').then((part) => part.DropHint));
const VersionDialog = lazyPart(() => import('../version/version-dialog.tsx').then((part) => part.VersionDialog));
const HelpDialog = lazyPart(() => import('../shortcuts/help-dialog.tsx').then((part) => part.HelpDialog));

/** The dialogs that any page may open. Each is drawn from the first time on that it is asked for. */
export function Dialogs() {
  const isPicking = useEver(useDialogs((state) => state.picker !== null));
  const isPaletteAsked = useEver(useDialogs((state) => state.isPaletteOpen));
  const isHelpAsked = useEver(useDialogs((state) => state.isHelpOpen));
  const isVersionAsked = useEver(useDialogs((state) => state.isVersionOpen));
  const isDropped = useEver(useDialogs((state) => state.droppedName !== null));
  return (
    <CrashNotice>
      <LazyPlace quiet>
        {isPicking && <PickerDialog />}
        {isPaletteAsked && <PaletteDialog />}
        {isDropped && <DropHint />}
        {isHelpAsked && <HelpDialog />}
        {isVersionAsked && <VersionDialog />}
      </LazyPlace>
    </CrashNotice>
  );
}

/** Whether it was ever true. */
function useEver(is: boolean): boolean {
  const [was, setWas] = useState(is);
  if (is && !was) setWas(true);
  return is || was;
}
