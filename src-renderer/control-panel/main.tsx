/** The control panel's start: styles under this load's nonce, one store, one frame. */
import '../../src-contract/schemas-uncompiled.ts';
import { FluentProvider, RendererProvider, createDOMRenderer } from '@fluentui/react-components';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { AppFrame } from './frame/app-frame.tsx';
import { createPlaceStore, openFirstPlace } from './state/place.ts';
import { WindowContext, type WindowServices } from './state/services.ts';
import { createWorkerStore } from './state/worker-store.ts';
import { useTheme } from './theme.ts';

/**
 * Fluent's styles are rules inserted into style elements at run time. The policy admits such an element only with the nonce of this
 * load, so neither `unsafe-inline` nor a list of hashes is needed, and a style element that anything else slips in does nothing.
 */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? '';
const styles = createDOMRenderer(document, { styleElementAttributes: { nonce } });

const services: WindowServices = {
  bridge: window.hrw,
  worker: createWorkerStore(window.hrw),
  place: createPlaceStore(window),
};
void openFirstPlace(window.hrw, services.place);

function ControlPanel() {
  return (
    <RendererProvider renderer={styles} targetDocument={document}>
      <FluentProvider theme={useTheme()} style={{ height: '100%', background: 'transparent' }}>
        <WindowContext value={services}>
          <AppFrame />
        </WindowContext>
      </FluentProvider>
    </RendererProvider>
  );
}

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(
  <StrictMode>
    <ControlPanel />
  </StrictMode>,
);
