// Dialogs: a test scripts the answers and reads what was asked.
import { type Asked, asked } from './shown.ts';

/** `hold` leaves the dialog open: its promise never settles, as with a person who does not answer. */
export type Answer =
  { readonly kind: Asked['kind']; readonly value: unknown } | { readonly kind: Asked['kind']; readonly hold: true };

/** What the next dialogs of each kind will return; a dialog without an answer is cancelled. */
export const answers: Answer[] = [];

function take(kind: Asked['kind'], args: readonly unknown[]): Answer | undefined {
  asked.push({ kind, options: args.at(-1) });
  const at = answers.findIndex((answer) => answer.kind === kind);
  return at < 0 ? undefined : answers.splice(at, 1)[0];
}

async function ask<T>(kind: Asked['kind'], args: readonly unknown[], cancelled: T): Promise<T> {
  const answer = take(kind, args);
  if (answer === undefined) return cancelled;
  if ('hold' in answer) return new Promise<T>(() => {});
  return answer.value as T;
}

/** A message box is taken back, and answers like one that was closed, when its signal says so. */
function askMessage(args: readonly unknown[]): Promise<{ response: number; checkboxChecked: boolean }> {
  const cancelled = { response: cancelOf(args), checkboxChecked: false };
  const { signal } = args.at(-1) as { signal?: AbortSignal };
  const takenBack = new Promise<typeof cancelled>((resolve) =>
    signal?.addEventListener('abort', () => resolve(takeBack(cancelled)), { once: true }),
  );
  return Promise.race([ask('message', args, cancelled), takenBack]);
}

/** Told in the order of what was asked. */
function takeBack<T>(cancelled: T): T {
  asked.push({ kind: 'taken-back', options: null });
  return cancelled;
}

const cancelOf = (args: readonly unknown[]): number => {
  const { cancelId = 0 } = args.at(-1) as { cancelId?: number };
  return cancelId;
};

export const dialog = {
  showOpenDialog: (...args: unknown[]) => ask('open', args, { canceled: true, filePaths: [] as string[] }),
  showSaveDialog: (...args: unknown[]) => ask('save', args, { canceled: true, filePath: '' }),
  showMessageBox: (...args: unknown[]) => askMessage(args),
  /** Waits for nobody here: an answer that holds is as good as none. */
  showMessageBoxSync(...args: unknown[]): number {
    const answer = take('message', args);
    return answer && 'value' in answer ? (answer.value as { response: number }).response : cancelOf(args);
  },
  showErrorBox(title: string, content: string) {
    asked.push({ kind: 'error', options: { title, content } });
    console.error(`${title}\n${content}`); // often the last that an app says
  },
};
