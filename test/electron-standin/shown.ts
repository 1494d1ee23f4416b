// What the app did outside its page. A test reads it; nothing here acts.

export interface Asked {
  readonly kind: 'open' | 'save' | 'message' | 'error' | 'popup' | 'notification' | 'about' | 'taken-back';
  readonly options: unknown;
}

/** What the app asked and showed, in order. */
export const asked: Asked[] = [];
/** Paths and addresses that the app handed to the operating system. */
export const opened: string[] = [];
/** Documents that the operating system was told of, the newest first. */
export const recentDocuments: string[] = [];
/** Calls that have no visible effect here, by their name, e.g. `session.flushStorageData`. */
export const noted: { readonly name: string; readonly args: unknown }[] = [];

/** For a function whose only effect would be outside: keeps its call and returns `result`. */
export const noting =
  <A extends unknown[], R = void>(name: string, result?: R) =>
  (...args: A): R => {
    noted.push({ name, args });
    return result as R;
  };
