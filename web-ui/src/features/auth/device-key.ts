/** The key of this browser: P-256, non-extractable, kept in IndexedDB. Its public half is a listed device. */
import type { DeviceKey } from '@/protocol/types';

export interface StoredDevice {
  deviceId: string;
  keys: CryptoKeyPair;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const DATABASE = 'orchestra';
const STORE = 'devices';
const SLOT = 'current';

export async function makeKey(): Promise<{ keys: CryptoKeyPair; jwk: DeviceKey }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
  const jwk = await crypto.subtle.exportKey('jwk', keys.publicKey);
  return { keys, jwk: { kty: 'EC', crv: 'P-256', x: jwk.x ?? '', y: jwk.y ?? '' } };
}

/** Signs the ASCII bytes of a challenge: 64 bytes (P1363), base64url without padding. */
export async function signChallenge(keys: CryptoKeyPair, challenge: string): Promise<string> {
  const bytes = new TextEncoder().encode(challenge);
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, keys.privateKey, bytes);
  return base64url(new Uint8Array(signature));
}

export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** Where the device is kept; the tests bring their own. */
export interface DeviceStore {
  load(): Promise<StoredDevice | null>;
  save(device: StoredDevice): Promise<void>;
  wipe(): Promise<void>;
}

export const indexedDbStore: DeviceStore = {
  async load() {
    const found = await transact('readonly', (store) => store.get(SLOT));
    return (found as StoredDevice | undefined) ?? null;
  },
  async save(device) {
    await transact('readwrite', (store) => store.put(device, SLOT));
  },
  async wipe() {
    await transact('readwrite', (store) => store.delete(SLOT));
  },
};

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function transact(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}
