/** Names of the channels between the window and the Electron main process. Alone, so that the preload carries no schemas. */
export const ipcChannels = { engineCall: 'hrw:engine-call', shellCall: 'hrw:shell-call', event: 'hrw:event' } as const;
