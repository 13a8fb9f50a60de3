/**
 * @file Lets the site work without a network: a service worker stores the pages, nano, and the build of ONNX Runtime
 * that this browser uses. A new version waits until the visitor asks for it; nothing reloads by itself.
 */
import { shellStrings } from '../strings/shell';
import { toast } from './toast';

const strings = shellStrings.update;

/** The service worker's answer to `keep`. */
interface Kept {
  /** Files that were not stored before. */
  fresh: number;
}

let registered: Promise<boolean> | null = null;
const asked = new Set<string>();

/**
 * Registers the service worker of the built site, and makes it store the engine. A second call with the same build does
 * nothing. If that fails, the site still works with a network.
 * @param build the build of ONNX Runtime that runs here, as in `model.info.build`; null on pages that run no model
 */
export async function keepOffline(build: string | null): Promise<void> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  registered ??= register();
  if (!(await registered) || build === null || asked.has(build)) return;
  if ((await keep(build)) > 0) toast(shellStrings.offlineReady);
  document.documentElement.dataset.offline = 'ready';
}

/** Has the service worker keep names of places and the land of their map, for people whose pictures have places. */
export async function keepPlacesOffline(): Promise<void> {
  if (!registered || asked.has('places') || !(await registered)) return;
  await keep('places');
  document.documentElement.dataset.offlinePlaces = 'ready';
}

/** @returns how many files were not kept before */
async function keep(part: string): Promise<number> {
  asked.add(part);
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  const kept = new Promise<Kept>((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<Kept>) => resolve(data);
  });
  active!.postMessage({ keep: part }, [port2]);
  return (await kept).fresh;
}

async function register(): Promise<boolean> {
  try {
    offerUpdates(await navigator.serviceWorker.register(new URL('service-worker.js', document.baseURI)));
    return true;
  } catch {
    return false;
  }
}

function offerUpdates(registration: ServiceWorkerRegistration): void {
  const offer = (waiting: ServiceWorker) => {
    toast(strings.ready, [
      {
        label: strings.use,
        run: () => {
          navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
          waiting.postMessage({ activate: true });
        },
      },
      { label: strings.later, run: () => undefined },
    ]);
  };
  // Without a controller this is the first visit: so there is nothing to replace.
  if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'installed' && navigator.serviceWorker.controller) offer(installing);
    });
  });
}
