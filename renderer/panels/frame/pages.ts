// The pages of a database. None is needed for the first screen, so each is a file of its own, fetched when idle.
import { lazyPart } from '../../components/lazy-part.tsx';

export const OverviewPanel = lazyPart(() =>
  import('../overview/overview-panel.tsx').then((part) => part.OverviewPanel),
);
export const RecoveryPanel = lazyPart(() =>
  import('../recovery/recovery-panel.tsx').then((part) => part.RecoveryPanel),
);
export const PhasesPanel = lazyPart(() => import('../phases/phases-panel.tsx').then((part) => part.PhasesPanel));
export const PlanPanel = lazyPart(() => import('../plan/plan-panel.tsx').then((part) => part.PlanPanel));
export const DataPanel = lazyPart(() => import('../data/data-panel.tsx').then((part) => part.DataPanel));
export const ActivityPanel = lazyPart(() => import('../run/activity-panel.tsx').then((part) => part.ActivityPanel));
export const BackupsPanel = lazyPart(() => import('../backups/backups-panel.tsx').then((part) => part.BackupsPanel));
export const IssuesPanel = lazyPart(() => import('../issues/issues-panel.tsx').then((part) => part.IssuesPanel));
export const IngestPanel = lazyPart(() => import('../ingest/ingest-panel.tsx').then((part) => part.IngestPanel));
