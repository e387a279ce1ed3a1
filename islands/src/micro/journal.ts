/* What is being recorded, kept on this device as it comes: a tab that is closed, or a battery that ends, costs seconds. */

const STORE = "parts";

export interface Kept {
  voice: Blob[];
  pen: Uint8Array<ArrayBuffer>;
  /** What the pages were, and how long it is in milliseconds. */
  about: string;
}

const open = (): Promise<IDBDatabase> =>
  new Promise((done, failed) => {
    const asked = indexedDB.open("zampa-micro", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error ?? new Error("no database"));
  });

/** Does something with the store; what cannot be kept is no reason to stop a lesson. */
const within = async <T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> => {
  try {
    const base = await open();
    return await new Promise((done, failed) => {
      const tx = base.transaction(STORE, mode);
      const asked = act(tx.objectStore(STORE));
      tx.oncomplete = () => {
        base.close();
        done(asked.result);
      };
      tx.onerror = () => failed(tx.error ?? new Error("not kept"));
    });
  } catch {
    return undefined;
  }
};

const all = (of: string): IDBKeyRange => IDBKeyRange.bound([of], [of, []]);

/** Keeps a piece of the voice, by its number, with the pen up to now. */
export async function note(of: string, n: number, voice: Blob, pen: Uint8Array, about: string): Promise<void> {
  await within("readwrite", (store) => {
    store.put({ pen, about }, [of, -1]);
    return store.put(voice, [of, n]);
  });
}

/** What was kept and not saved. */
export async function left(of: string): Promise<Kept | undefined> {
  const head = (await within("readonly", (store) => store.get([of, -1]))) as { pen: Uint8Array<ArrayBuffer>; about: string } | undefined;
  const voice = (await within("readonly", (store) => store.getAll(IDBKeyRange.bound([of, 0], [of, []])))) as Blob[] | undefined;
  if (!head || !voice || voice.length === 0) return undefined;
  return { voice, pen: head.pen, about: head.about };
}

/** Forgets it. */
export async function forget(of: string): Promise<void> {
  await within("readwrite", (store) => store.delete(all(of)));
}
