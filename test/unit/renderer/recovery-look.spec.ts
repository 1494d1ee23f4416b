import { Button } from '@mantine/core';
import { Children, isValidElement, type ReactElement, type ReactNode } from 'react';
import { beforeEach, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import type { Recovery, RecoveryChoiceId } from '@shared/recovery.ts';
import { ErrorNotice } from '../../../renderer/components/error-notice.tsx';
import { partsIn } from './elements.ts';
import { mount } from './hooks.ts';
import { status } from './values.ts';
import { storesAlone } from './stores-alone.ts';

/** "Look again" on the page of what was interrupted, whose file another program had when it was looked at. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
const answers: Record<string, unknown> = {};
const sent: string[] = [];
const focus = vi.fn<() => void>();
const document = { body: {}, activeElement: {}, querySelector: () => null, getElementById: () => ({ focus }) };
vi.stubGlobal('document', document);
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/overview' });
const call = (name: string): Promise<unknown> => {
  sent.push(name);
  return Promise.resolve(answers[name] ?? { ok: true, value: [] });
};
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call, on: () => () => {} } });
await storesAlone();

const { connect } = await import('../../../renderer/api.ts');
const { RecoveryPanel } = await import('../../../renderer/panels/recovery/recovery-panel.tsx');
const { DatabasePage } = await import('../../../renderer/panels/frame/database-page.tsx');
const { useDatabases } = await import('../../../renderer/stores/databases.ts');
const { useRecovery } = await import('../../../renderer/stores/recovery.ts');
connect();

const withChoice = (id: RecoveryChoiceId): Recovery => ({
  ...{ kind: 'upgrade', state: 'interrupted', runId: 'r1', startedAt: '', lastSignAt: '', toPhase: 4 },
  ...{ stepsDone: 6, stepsTotal: 17, what: '', where: '', isSafe: false, reasons: [], backup: null },
  ...{ code: 'E_INTERRUPTED', choices: [{ id, title: '', consequence: '' }] },
});
const busy = appError('E_DB_BUSY', 'Another program locks it.');
const view = () => useRecovery.getState().byHandle['k3'];

function open() {
  const page = mount(() => RecoveryPanel({ handle: 'k3', fileName: 'lights.db', recovery: shown() }));
  const shown = (): Recovery => view()?.recovery ?? withChoice('look');
  return { draw: page.draw, choose: (id: RecoveryChoiceId) => choicesIn(page.draw())?.props.onChoose(id) };
}

type Chooser = ReactElement<{ onChoose: (id: RecoveryChoiceId) => void }>;
function choicesIn(node: ReactNode): Chooser | undefined {
  for (const each of Children.toArray(node)) {
    if (!isValidElement<{ children?: ReactNode }>(each)) continue;
    const found = 'onChoose' in each.props ? (each as unknown as Chooser) : choicesIn(each.props.children);
    if (found) return found;
  }
  return undefined;
}

beforeEach(() => {
  sent.length = 0;
  focus.mockClear();
  document.activeElement = {};
  useDatabases.setState({
    views: { k3: { status: null, error: busy, busy: null, isFull: false, seenAt: null } },
    isListed: true,
  });
  const nothing = { isLoaded: true, isStruck: false, looking: null, busy: null, error: null, unknown: null };
  useRecovery.setState({
    byHandle: { k3: { ...nothing, recovery: withChoice('look'), putOff: null, hasRestored: false } },
  });
});

it('asks for the database and for what was interrupted in it, and leads to what is found then', async () => {
  answers['database:status'] = { ok: true, value: status() };
  answers['recovery:get'] = { ok: true, value: withChoice('continue') };
  const page = open();
  page.draw();
  focus.mockClear();

  page.choose('look');
  expect(view()?.busy).toBe('look');
  await vi.waitFor(() => expect(view()?.busy).toBeNull());

  expect(view()?.recovery?.choices).toMatchObject([{ id: 'continue' }]);
  expect(useDatabases.getState().views['k3']).toMatchObject({
    error: null,
    status: { phaseReached: status().phaseReached },
  });
  document.activeElement = document.body; // its button has gone
  page.draw();
  expect(focus).toHaveBeenCalledTimes(1);
});

it('says why where nobody can tell', async () => {
  answers['recovery:get'] = { ok: false, error: appError('E_TIMEOUT', 'The drive does not answer.') };
  open().choose('look');
  await vi.waitFor(() => expect(view()?.busy).toBeNull());
  expect(view()?.error?.message).toContain('The drive does not answer.');
});

it('"try again" of a database that could not be shown asks for both, too', async () => {
  answers['database:status'] = { ok: true, value: status() };
  answers['recovery:get'] = { ok: true, value: withChoice('continue') };
  useRecovery.setState(({ byHandle }) => ({ byHandle: { k3: { ...byHandle['k3'], recovery: null } as never } }));
  useDatabases.setState({ isListed: false });
  const route = { page: 'database', handle: 'k3', tab: 'overview', detail: null } as const;
  const refused = mount(() => DatabasePage({ route })).draw();
  if (!refused) throw new Error('nothing is drawn');
  const page = mount(() => (refused.type as (props: object) => ReactNode)(refused.props)).draw();
  const [notice] = partsIn(page, ErrorNotice);
  const again = partsIn(notice?.props.actions, Button).find(({ props }) => props.children === 'Try again');

  again?.props.onClick();

  await vi.waitFor(() => expect(view()?.recovery).toEqual(withChoice('continue')));
});
