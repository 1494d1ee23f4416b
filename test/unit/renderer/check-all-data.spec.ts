import { beforeEach, describe, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import { status } from './values.ts';

/** A host that answers when the spec says so. */
const waiting: { name: string; answer: (value: unknown) => void }[] = [];
vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('history', { state: null });
vi.stubGlobal('window', {
  addEventListener: () => {},
  phasewise: { call: (name: string) => new Promise((answer) => waiting.push({ name, answer })), on: () => () => {} },
});
const { connect } = await import('../../../renderer/api.ts');
const { look, useDatabases } = await import('../../../renderer/stores/databases.ts');
connect();

const view = () => useDatabases.getState().views['k3'];
const ok = (value: unknown) => ({ ok: true, value });
async function answer(name: string, value: unknown): Promise<void> {
  await vi.waitUntil(() => waiting.some((each) => each.name === name));
  const [asked] = waiting.splice(
    waiting.findIndex((each) => each.name === name),
    1,
  );
  asked?.answer(value);
}
async function seen(): Promise<void> {
  const first = look('k3');
  await answer('database:status', ok(status()));
  await first;
}

beforeEach(() => {
  waiting.length = 0;
  useDatabases.setState({ views: {} });
});

describe('a check of all data', () => {
  it('stays on screen through a short look, and is shown when it ends', async () => {
    await seen();
    const check = look('k3', 'check');
    const short = look('k3');
    expect(view()?.busy).toBe('checking');
    await answer('database:status', ok(status()));
    await short;
    expect(view()?.busy).toBe('checking');

    const checked = status({ checkedAt: '2026-11-21T14:00:00Z' });
    await answer('database:check', ok(checked));
    await check;
    expect(view()).toMatchObject({ busy: null, isFull: true });
    expect(view()?.status).toBe(checked);
  });

  it('stays on screen where a look that began before it ends, or one fails', async () => {
    const short = look('k3');
    void look('k3', 'check');
    await answer('database:status', ok(status()));
    await short;
    expect(view()?.busy).toBe('checking');
    const failing = look('k3');
    await answer('database:status', { ok: false, error: appError('E_IO', '') });
    await failing;
    expect(view()).toMatchObject({ busy: 'checking', error: { code: 'E_IO' } });
  });

  it.each([
    ['something else', ok(status({ phaseReached: 1 }))],
    ['no file', { ok: false, error: appError('E_NOT_FOUND', '') }],
  ])('does not take the place of a look that found %s meanwhile: it is looked at once more', async (_, found) => {
    await seen();
    const check = look('k3', 'check');
    const short = look('k3');
    await answer('database:status', found);
    await short;
    const before = view()?.status;

    await answer('database:check', ok(status()));
    await vi.waitUntil(() => waiting.length > 0);
    expect(view()?.status).toBe(before);
    expect(view()?.busy).toBe('looking');

    await answer('database:status', ok(status({ phaseReached: 2 })));
    await check;
    expect(view()).toMatchObject({ busy: null, isFull: false, status: { phaseReached: 2 } });
  });
});
