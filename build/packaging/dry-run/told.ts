// What `npm run package:dry-run` says at its end: what was looked at, and what nobody has seen yet.

export interface Check {
  /** What was looked at and is so, when there are no problems: "fuses: 7 are set as configured" */
  readonly what: string;
  readonly problems: readonly string[];
}

/** Only real Electron on real machines can show these; docs/release-checklist.md goes through them. */
const unproven = [
  'that the app starts in Electron, and that the database addon loads in it',
  'that the fuses and the check of the archive hold at run time: they are set in the stand-in here',
  'native windows, menus, dialogs, drops, notifications, dock and taskbar',
  'installing, upgrading, removing, "Open with", signatures',
];

/** @param leftOut packages that could not be made here, with the reason: "rpm needs the program rpmbuild" */
export function told(electronVersion: string, checks: readonly Check[], leftOut: readonly string[]): string {
  const problems = checks.reduce((sum, check) => sum + check.problems.length, 0);
  return [
    `Electron ${electronVersion} was a stand-in: a file with a fuse wire in place of its program. No part of Electron ran.`,
    'Checked:',
    ...checks.flatMap((check) => [
      `  ${check.problems.length === 0 ? 'ok  ' : 'FAIL'} ${check.what}`,
      ...check.problems.map((problem) => `         ${problem}`),
    ]),
    'Not proven (docs/release-checklist.md, on real machines):',
    ...unproven.map((line) => `  - ${line}`),
    ...leftOut.map((line) => `  - not made here: ${line}`),
    problems === 0
      ? 'As far as a stand-in can show: the package holds what it should, and its code runs.'
      : `${problems} ${problems === 1 ? 'problem' : 'problems'}.`,
  ].join('\n');
}
