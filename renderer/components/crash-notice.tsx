import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { appError, type AppError } from '@shared/errors.ts';
import { ErrorNotice } from './error-notice.tsx';
import { PartNotLoaded } from './lazy-part.tsx';
import { Page } from './page.tsx';

/** Some libraries throw errors without a word in them. */
function reasonOf(thrown: unknown): string {
  const said = (thrown instanceof Error ? thrown.message : String(thrown)).trim();
  if (said !== '') return said;
  return `no reason was given (${thrown instanceof Error ? thrown.name : typeof thrown}).`;
}

interface Crash {
  readonly error: AppError | null;
  /** The code of the page never arrived: the window has to be loaded again. */
  readonly isMissing: boolean;
}

/** A page that cannot be drawn says so instead of leaving the window blank. React offers this to classes only. */
export class CrashNotice extends Component<{ children: ReactNode }, Crash> {
  override state: Crash = { error: null, isMissing: false };

  static getDerivedStateFromError(thrown: unknown): Crash {
    const what = reasonOf(thrown);
    const isMissing = thrown instanceof PartNotLoaded;
    const message = isMissing
      ? `A part of Phasewise could not be loaded: ${what}`
      : `This page could not be drawn: ${what}`;
    const nextStep = `${isMissing ? 'Reload the window' : 'Draw the page again'}. A run that was under way goes on by itself.`;
    const safety = 'Only this window has a problem: showing a page changes nothing in a database.';
    return { error: { ...appError('E_INTERNAL', message, undefined, { nextStep }), safety }, isMissing };
  }

  override render(): ReactNode {
    const { error, isMissing } = this.state;
    if (error === null) return this.props.children;
    return (
      <Page label="This page could not be drawn">
        <ErrorNotice
          level={1}
          error={error}
          actions={
            isMissing ? (
              <Button onClick={() => location.reload()}>Reload the window</Button>
            ) : (
              <Button onClick={() => this.setState({ error: null })}>Draw the page again</Button>
            )
          }
        />
      </Page>
    );
  }
}
