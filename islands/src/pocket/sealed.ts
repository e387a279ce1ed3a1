/*
 * What the pocket keeps: in the browser's database, sealed by AES-GCM under a key that only the person's PIN opens
 * (PBKDF2, SHA-256). In the clear stand its name, the addresses of nodes and the language, so that a locked phone can
 * still be told that it is lost.
 */

const NAME = "zampa-pocket";
const ROUNDS = 310_000;

/** What anybody who holds the phone could read. */
export interface Clear {
  id: string;
  salt: Uint8Array;
  /** Sealed by the right PIN, so that a wrong one is known. */
  proof: Sealed;
  nodes: string[];
  lang: string;
}

interface Sealed {
  iv: Uint8Array;
  data: ArrayBuffer;
}

function ask<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's database"));
  });
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("clear");
    request.result.createObjectStore("sealed");
  };
  return ask(request);
}

/** The key that a PIN or a passphrase opens. */
export async function keyOf(pin: string, salt: Uint8Array, rounds = ROUNDS): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: salt as BufferSource, iterations: rounds };
  return crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

async function seal(key: CryptoKey, plain: BufferSource): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv: iv as BufferSource }, key, plain) };
}

function unseal(key: CryptoKey, sealed: Sealed): Promise<ArrayBuffer> {
  return crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv as BufferSource }, key, sealed.data);
}

/** What stands in the clear; nothing where this phone was never prepared. */
export async function clear(): Promise<Clear | undefined> {
  const db = await open();
  const found = await ask<Clear | undefined>(db.transaction("clear").objectStore("clear").get("clear"));
  db.close();
  return found;
}

/** Changes what stands in the clear. */
export async function setClear(change: Partial<Clear>): Promise<void> {
  const db = await open();
  const store = db.transaction("clear", "readwrite").objectStore("clear");
  const now = await ask<Clear | undefined>(store.get("clear"));
  if (now) await ask(store.put({ ...now, ...change }, "clear"));
  db.close();
}

/** Forgets everything, also that this phone was ever prepared. */
export async function wipe(): Promise<void> {
  await new Promise<void>((resolve) => {
    const request = indexedDB.deleteDatabase(NAME);
    request.onsuccess = request.onerror = request.onblocked = () => resolve();
  });
  for (const name of await caches.keys()) if (name.startsWith("pocket-")) await caches.delete(name);
  for (const worker of await navigator.serviceWorker.getRegistrations()) {
    if (new URL(worker.scope).pathname.startsWith("/pocket")) await worker.unregister();
  }
}

/** Forgets what was taken along, and keeps what was recorded here: also while the phone is locked. */
export async function forgetLists(): Promise<void> {
  const db = await open();
  const store = db.transaction("sealed", "readwrite").objectStore("sealed");
  for (const name of ["pack", "tours"]) await ask(store.delete(name));
  await ask(store.delete(IDBKeyRange.bound("contacts:", "contacts:\uffff")));
  db.close();
}

/** The sealed part, open while its person uses it. */
export class Vault {
  private constructor(
    private readonly db: IDBDatabase,
    private readonly key: CryptoKey,
  ) {}

  /** Begins a new one. */
  static async make(id: string, pin: string, nodes: string[], lang: string): Promise<Vault> {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const key = await keyOf(pin, salt);
    const db = await open();
    const proof = await seal(key, new TextEncoder().encode("zampa"));
    const is: Clear = { id, salt, proof, nodes, lang };
    await ask(db.transaction("clear", "readwrite").objectStore("clear").put(is, "clear"));
    return new Vault(db, key);
  }

  /** Opens it; nothing for a wrong PIN. */
  static async open(pin: string): Promise<Vault | undefined> {
    const is = await clear();
    if (!is) return undefined;
    const key = await keyOf(pin, is.salt);
    try {
      await unseal(key, is.proof);
    } catch {
      return undefined;
    }
    return new Vault(await open(), key);
  }

  /** Keeps bytes under a name. They are on disk when this is done. */
  async putBytes(name: string, bytes: BufferSource): Promise<void> {
    const sealed = await seal(this.key, bytes);
    const work = this.db.transaction("sealed", "readwrite");
    work.objectStore("sealed").put(sealed, name);
    await new Promise<void>((resolve, reject) => {
      work.oncomplete = () => resolve();
      work.onerror = work.onabort = () => reject(work.error ?? new Error("not kept"));
    });
  }

  async bytes(name: string): Promise<ArrayBuffer | undefined> {
    const sealed = await ask<Sealed | undefined>(this.db.transaction("sealed").objectStore("sealed").get(name));
    return sealed && unseal(this.key, sealed);
  }

  put(name: string, value: unknown): Promise<void> {
    return this.putBytes(name, new TextEncoder().encode(JSON.stringify(value)));
  }

  async get<T>(name: string): Promise<T | undefined> {
    const bytes = await this.bytes(name);
    return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as T);
  }

  async remove(name: string): Promise<void> {
    await ask(this.db.transaction("sealed", "readwrite").objectStore("sealed").delete(name));
  }

  /** The names that begin so. */
  async names(prefix: string): Promise<string[]> {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    const keys = await ask(this.db.transaction("sealed").objectStore("sealed").getAllKeys(range));
    return keys.map(String);
  }

  close(): void {
    this.db.close();
  }
}
