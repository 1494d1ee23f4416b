/** The three names that preload script and Electron's main process share. Everything else goes through `channels`. */
export const IPC = {
  /** invoke(name, input) -> Result */
  call: 'channels:call',
  /** send(name, payload) to the window */
  event: 'channels:event',
  /** invoke(path of a dropped file) -> Result<OpenDatabase>. The path comes from Electron, never from the page. */
  openDropped: 'database:openDropped',
} as const;
