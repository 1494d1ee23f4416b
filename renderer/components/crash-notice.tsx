import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { appError, type AppError } from '@shared/errors.ts';
import { ErrorNotice } from './error-notice.tsx';
import { Page } from './page.tsx';

/** A page that cannot be drawn says so instead of leaving the window blank. React offers this to classes only. */
export class CrashNotice extends Component<{ children: ReactNode }, { error: AppError | null }> {
  override state: { error: AppError | null } = { error: null };

  static getDerivedStateFromError(thrown: unknown): { error: AppError } {
    const what = thrown instanceof Error ? thrown.message : String(thrown);
    const override = { nextStep: 'Draw the page again. A run that was under way goes on by itself.' };
    return { error: appError('E_INTERNAL', `This page could not be drawn: ${what}`, undefined, override) };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <Page label="This page could not be drawn">
        <ErrorNotice
          level={1}
          error={error}
          actions={<Button onClick={() => this.setState({ error: null })}>Draw the page again</Button>}
        />
      </Page>
    );
  }
}
