/** Reaching a service: names, connections, certificates, proxies, answers that are none. Part of the catalogue (problems.ts). */
import { entry } from '../problem-shape.ts';

export const reachingProblems = {
  'host-unknown': entry<{ host: string }>({
    severity: 'error',
    title: ({ host }) => `The name ${host} is not known`,
    text: ({ host }) => `No address was found for ${host}.`,
    nextStep: () => 'Check the service URL for a typing mistake, then this machine’s name server.',
  }),
  'connection-refused': entry<{ host: string; port: number }>({
    severity: 'error',
    title: ({ host, port }) => `Nothing answers at ${host}:${String(port)}`,
    text: () => 'The machine was found, but no service accepts connections on that port.',
    nextStep: () =>
      'Check that the automation service runs, and the port: a worker needs its agent port, `hrw --api` its REST port. It prints both at its start.',
  }),
  'connection-timed-out': entry<{ host: string; seconds: number }>({
    severity: 'error',
    title: ({ host }) => `${host} does not answer`,
    text: ({ host, seconds }) =>
      `${host} gave no answer within ${String(seconds)} s. A firewall that drops packets looks like this.`,
    nextStep: () => 'Allow outbound HTTPS from this machine to the service, or set the proxy that leads there.',
  }),
  'connection-cut': entry<{ host: string }>({
    severity: 'error',
    title: ({ host }) => `The connection to ${host} was cut`,
    text: () => 'It ended in the middle of an answer. The call is repeated.',
    nextStep: () =>
      'Nothing needs to be done if this passes; if it stays, look at what lies between this machine and the service.',
  }),
  'wrong-port': entry<{ port: string; wanted: string; url: string }>({
    severity: 'error',
    title: ({ port }) => `That is the service’s ${port} port`,
    text: ({ wanted }) => `The call is for its ${wanted} port. Nothing was done.`,
    nextStep: ({ url }) => `Use ${url}`,
  }),
  'certificate-untrusted': entry<{ host: string; issuer: string; fingerprint: string; reason: string }>({
    severity: 'error',
    title: ({ host }) => `The certificate of ${host} is not trusted here`,
    text: ({ issuer, fingerprint, reason }) =>
      `It was issued by “${issuer}” (SHA-256 ${fingerprint}): ${reason}. Nothing was sent.`,
    nextStep: () =>
      'Compare the fingerprint with the one that the service prints at its start, then trust its authority (a PEM file) or pin the fingerprint.',
  }),
  'certificate-other-authority': entry<{ host: string; issuer: string; fingerprint: string }>({
    severity: 'error',
    title: ({ host }) => `The certificate of ${host} is not from the authority that was given`,
    text: ({ issuer, fingerprint }) =>
      `It was issued by “${issuer}” (SHA-256 ${fingerprint}). The file may be another service’s or an earlier one, or something on the way opens the encrypted connection. Nothing was sent.`,
    nextStep: () =>
      'Compare the fingerprint with the one that the service prints at its start. If they agree, give that authority; if not, ask the network team to exempt the service’s address from TLS inspection.',
  }),
  'certificate-pin-mismatch': entry<{ host: string; expected: string; actual: string; issuer: string }>({
    severity: 'error',
    title: ({ host }) => `${host} shows another certificate than the pinned one`,
    text: ({ expected, actual, issuer }) =>
      `Expected SHA-256 ${expected}, got ${actual}, issued by “${issuer}”. Nothing was sent.`,
    nextStep: () => 'If the service was set up anew, pin its new fingerprint; if not, somebody else answers in its place.',
  }),
  'tls-intercepted': entry<{ host: string; issuer: string; fingerprint: string }>({
    severity: 'error',
    title: ({ host }) => `Something on the way to ${host} opens the encrypted connection`,
    text: ({ issuer, fingerprint }) =>
      `The certificate comes from “${issuer}” (SHA-256 ${fingerprint}), not from the service’s own authority. The worker’s certificate cannot pass through.`,
    nextStep: () => 'Ask the network team to exempt the service’s address from TLS inspection.',
  }),
  'proxy-unreachable': entry<{ proxy: string }>({
    severity: 'error',
    title: ({ proxy }) => `The proxy ${proxy} cannot be reached`,
    text: () => 'The connection to the proxy itself failed; the service was not asked.',
    nextStep: () => 'Check the proxy’s address and port: on the Connection page, or with `hrw way change --proxy URL`.',
  }),
  'proxy-not-understood': entry<{ proxy: string }>({
    severity: 'error',
    title: ({ proxy }) => `What answers at ${proxy} is no HTTP proxy`,
    text: () => 'It answered with something that is not HTTP. The service was not asked.',
    nextStep: () => 'Check the proxy’s address and port: on the Connection page, or with `hrw way change --proxy URL`.',
  }),
  'system-proxy-unusable': entry<{ setting: string; reason: string }>({
    severity: 'error',
    title: () => 'The proxy that this machine is set to cannot be used',
    text: ({ setting, reason }) => `As ${setting} says: ${reason}. The service was not asked.`,
    nextStep: () => 'Name the proxy itself on the Connection page, or with `hrw way change --proxy URL`.',
  }),
  /** `userName`: who was refused; empty where nobody was named. */
  'proxy-authentication-required': entry<{ proxy: string; userName: string }>({
    severity: 'error',
    title: ({ proxy, userName }) =>
      `The proxy ${proxy} ${userName === '' ? 'wants a user name and password' : 'did not accept the user name and password'}`,
    text: ({ userName }) => `It answered 407${userName === '' ? '' : ` to “${userName}”`}. The service was not reached.`,
    nextStep: () =>
      'Enter them on the Connection page, or with `hrw way change --proxy URL --proxy-user NAME --proxy-password-file FILE`.',
  }),
  'proxy-ntlm-required': entry<{ proxy: string; schemes: string }>({
    severity: 'error',
    title: ({ proxy }) => `The proxy ${proxy} only accepts Windows authentication`,
    text: ({ schemes }) => `It offers ${schemes}; this worker can do Basic. The service was not reached.`,
    nextStep: () => 'Allow Basic for this machine, exempt the service’s address, or name another proxy.',
  }),
  'proxy-refused': entry<{ proxy: string; status: number; host: string }>({
    severity: 'error',
    title: ({ proxy, host }) => `The proxy ${proxy} refuses to connect to ${host}`,
    text: ({ status }) => `It answered ${String(status)} to the request for a tunnel.`,
    nextStep: () => 'Allow the service’s host and port on the proxy.',
  }),
  'answer-not-understood': entry<{ host: string; status: number; what: string }>({
    severity: 'error',
    title: ({ host }) => `The answer of ${host} is not the service’s`,
    text: ({ status, what }) =>
      `It answered ${status === 0 ? '' : `${String(status)} `}with ${what}. A proxy’s or a portal’s page looks like this. The call is repeated.`,
    nextStep: () => 'Open the service URL in a browser on this machine and see who answers.',
  }),
  'service-unavailable': entry<{ host: string; status: number }>({
    severity: 'warning',
    title: ({ host }) => `${host} cannot serve right now`,
    text: ({ status }) =>
      `It answered ${String(status)}. The call is repeated; running jobs go on, and their records are kept on this machine.`,
    nextStep: () => 'Nothing needs to be done if this passes; if it stays, look at the automation service.',
  }),
  'service-refused': entry<{ call: string; status: number; reason: string }>({
    severity: 'error',
    title: ({ call }) => `The service refused: ${call}`,
    text: ({ status, reason }) => `It answered ${String(status)}: ${reason}`,
    nextStep: () => 'The reason names what to change. The service’s log has the same correlation id.',
  }),
} as const;
