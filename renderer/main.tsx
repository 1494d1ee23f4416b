import './mantine.css';
import './global.css';
import { MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { connect } from './api.ts';
import { App } from './app.tsx';
import { fetchParts } from './components/lazy-part.tsx';
import { listen } from './stores/events.ts';
import { cssVariables, theme } from './theme.ts';

/** The host writes a fresh nonce into the page; Mantine's own style elements carry it, so the policy needs no 'unsafe-inline'. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name=csp-nonce]')?.content ?? '';

connect();
listen();

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <App />
    </MantineProvider>
  </StrictMode>,
);
void fetchParts();
