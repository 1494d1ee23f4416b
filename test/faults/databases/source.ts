/** An untouched database, and what is known about it. */
export interface Source {
  readonly name: string;
  /** Decides which pack works on it, and so which engine entry. */
  readonly family: 'kroma' | 'shop';
  /** Read-only by agreement: scenes are made from copies. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Fingerprint of all its rows and objects. */
  readonly content: string;
  /** Name of the database inside a scene. */
  readonly fileName: string;
}
