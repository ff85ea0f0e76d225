/**
 * The bridge between the window and the main process: three functions and nothing of Electron. Runs in Chromium's sandbox, so it is one
 * file that may require nothing but 'electron'. It checks nothing: the main process does, for whoever calls.
 */
import { contextBridge, ipcRenderer } from 'electron';
import { ipcChannels } from '../src-contract/ipc-channels.ts';
import type { WindowBridge, WindowEvent } from '../src-contract/window-calls.ts';

const listeners = new Set<(event: WindowEvent) => void>();

ipcRenderer.on(ipcChannels.event, (_event, payload: WindowEvent) => {
  for (const listener of [...listeners]) listener(payload);
});

const bridge: WindowBridge = {
  // The answers' types are the contract's: the main process is of this very build.
  call: (name, callArguments) => ipcRenderer.invoke(ipcChannels.engineCall, name, callArguments) as never,
  shell: (name, callArguments) => ipcRenderer.invoke(ipcChannels.shellCall, name, callArguments) as never,
  subscribe: (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

contextBridge.exposeInMainWorld('hrw', bridge);
