/*
 * What the pocket keeps: in the browser's database, sealed by AES-GCM under a key that lies there itself, locked by the
 * person's PIN and by a key of this browser together. In the clear stand its name, the addresses of nodes and the language,
 * so that a locked phone can still be told that it is lost.
 *
 * What that is worth: no page and no script can read the browser's key out, so who gets hold of the records alone - by a
 * program that reads the database, or a copy of it in another browser - has nothing to try PINs on. Who copies the whole
 * profile from the disk, or holds the phone with its storage open, has both, and is left with the PIN. A try costs a second of
 * a phone like this one, and far less on machines made for it: eight letters and digits hold against those, eight digits alone
 * for hours or days.
 */

const NAME = "zampa-pocket";
/** Rounds of PBKDF2 under which pockets were sealed at first. */
const ROUNDS = 310_000;
/** From now on as many as this device does in so long, and never fewer. */
const PATIENCE_MS = 1000;
const LEAST_ROUNDS = 600_000;
const MOST_ROUNDS = 5_000_000;
const TRIED_ROUNDS = 60_000;
/** Characters of a PIN: of a new one, and where contacts of pupils are kept. */
export const LEAST_PIN = 8;

/** What anybody who holds the phone could read. */
export interface Clear {
  id: string;
  salt: Uint8Array;
  /** Rounds of PBKDF2; a pocket of before has none. */
  rounds?: number;
  /** The browser's own key, which no script can read out. */
  own?: CryptoKey;
  /** The key to all that is sealed, locked by the PIN and the browser's key. */
  locked?: Sealed;
  /** Of a pocket of before: sealed by the right PIN, so that a wrong one is known. */
  proof?: Sealed;
  /** The PIN is as long as contacts of pupils ask for. */
  long?: boolean;
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

let gone: () => void = () => undefined;

/** What is done once another page of this browser has forgotten everything. */
export function whenWiped(then: () => void): void {
  gone = then;
}

async function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("clear");
    request.result.createObjectStore("sealed");
  };
  const db = await ask(request);
  // Whoever wipes it waits for every page that has it open: this one lets go at once.
  db.onversionchange = () => {
    db.close();
    gone();
  };
  return db;
}

/** The key that a PIN or a passphrase opens. */
export async function keyOf(pin: string, salt: Uint8Array, rounds = ROUNDS): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt: salt as BufferSource, iterations: rounds };
  return crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** How many rounds this device does in the time that one waits for it to open. */
async function affordable(): Promise<number> {
  const before = performance.now();
  await keyOf("12345678", new Uint8Array(16), TRIED_ROUNDS);
  const took = Math.max(1, performance.now() - before);
  return Math.round(Math.max(LEAST_ROUNDS, Math.min(MOST_ROUNDS, (TRIED_ROUNDS * PATIENCE_MS) / took)));
}

/** What a PIN becomes in so many rounds. */
async function bits(pin: string, salt: Uint8Array, rounds: number): Promise<ArrayBuffer> {
  const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  return crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: salt as BufferSource, iterations: rounds }, material, 256);
}

const aes = (raw: BufferSource): Promise<CryptoKey> => crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);

/** The key that the PIN and the browser's own key make together. */
async function both(pin: string, is: { salt: Uint8Array; rounds: number; own: CryptoKey }): Promise<CryptoKey> {
  return aes(await crypto.subtle.sign("HMAC", is.own, await bits(pin, is.salt, is.rounds)));
}

/** Locks the key to all that is sealed. */
async function lock(raw: BufferSource, pin: string): Promise<Required<Pick<Clear, "salt" | "rounds" | "own" | "locked" | "long">>> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const own = (await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"])) as CryptoKey;
  const rounds = await affordable();
  const locked = await seal(await both(pin, { salt, rounds, own }), raw);
  return { salt, rounds, own, locked, long: pin.length >= LEAST_PIN };
}

/** The key to all that is sealed; nothing for a wrong PIN. */
async function unlocked(is: Clear, pin: string): Promise<ArrayBuffer | undefined> {
  try {
    if (is.locked && is.own && is.rounds) return await unseal(await both(pin, { salt: is.salt, rounds: is.rounds, own: is.own }), is.locked);
    // Before, the PIN made the key itself.
    const raw = await bits(pin, is.salt, ROUNDS);
    if (is.proof) await unseal(await aes(raw), is.proof);
    return raw;
  } catch {
    return undefined;
  }
}

async function putClear(is: Clear): Promise<void> {
  const db = await open();
  await ask(db.transaction("clear", "readwrite").objectStore("clear").put(is, "clear"));
  db.close();
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
    request.onsuccess = request.onerror = () => resolve();
    // A page of an older version does not let go: it is gone when that is closed.
    request.onblocked = () => window.setTimeout(resolve, 2000);
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

async function relock(is: Clear, raw: ArrayBuffer, pin: string): Promise<void> {
  const { proof: _proof, ...rest } = is;
  await putClear({ ...rest, ...(await lock(raw, pin)) });
}

/** The sealed part, open while its person uses it. */
export class Vault {
  private constructor(
    private readonly db: IDBDatabase,
    private readonly key: CryptoKey,
  ) {}

  /** Begins a new one. */
  static async make(id: string, pin: string, nodes: string[], lang: string): Promise<Vault> {
    const raw = crypto.getRandomValues(new Uint8Array(32));
    await putClear({ id, ...(await lock(raw, pin)), nodes, lang });
    return new Vault(await open(), await aes(raw));
  }

  /** Opens it; nothing for a wrong PIN. One of before is locked anew: with it goes the salt by which PINs could be tried, and
   * what is sealed stays as it is. */
  static async open(pin: string): Promise<Vault | undefined> {
    const is = await clear();
    const raw = is && (await unlocked(is, pin));
    if (!raw) return undefined;
    if (!is.locked) await relock(is, raw, pin).catch((error: unknown) => console.warn(error));
    return new Vault(await open(), await aes(raw));
  }

  /** Locks it by another PIN; false where the one it has is another. */
  static async change(pin: string, next: string): Promise<boolean> {
    const is = await clear();
    const raw = is && (await unlocked(is, pin));
    if (!raw) return false;
    await relock(is, raw, next);
    return true;
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
