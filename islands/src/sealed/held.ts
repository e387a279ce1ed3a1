/*
 * An open key, held for the pages that a tab opens one after the other. What is held lies in the tab's session storage, which a
 * browser may write to its disk: so it is sealed under a value of the tab and one of the session at the node together. Who
 * has the device alone lacks the one once the session has ended, and who has the node alone lacks the other.
 */
import { bytes, letters, opened, type Opened, type OwnKey } from "./crypt.ts";

const NAME = "zampa-open";
/** How long after it was last used. */
const LONGEST = 30 * 60_000;

interface Held {
  id: string;
  at: number;
  tab: string;
  iv: string;
  half: string;
}

async function keyOf(tab: Uint8Array, session: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", tab as BufferSource, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new TextEncoder().encode(session), info: new TextEncoder().encode("zampa held 1") };
  return crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** Holds the half that a passphrase has opened. */
export async function hold(own: OwnKey, half: ArrayBuffer, session: string): Promise<void> {
  if (!session) return;
  const [tab, iv] = [crypto.getRandomValues(new Uint8Array(32)), crypto.getRandomValues(new Uint8Array(12))];
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: iv as BufferSource }, await keyOf(tab, session), half);
  keep({ id: own.id, at: Date.now(), tab: letters(tab), iv: letters(iv), half: letters(new Uint8Array(sealed)) });
}

function keep(held: Held): void {
  try {
    sessionStorage.setItem(NAME, JSON.stringify(held));
  } catch {
    // Blocked by the browser: each page asks for the passphrase.
  }
}

/** The key that this tab holds for this person in this session; what is of another or too old is forgotten. */
export async function held(own: OwnKey, session: string): Promise<Opened | undefined> {
  try {
    const kept = JSON.parse(sessionStorage.getItem(NAME) ?? "null") as Held | null;
    if (!kept) return undefined;
    if (kept.id !== own.id || Date.now() - kept.at > LONGEST) throw new Error("of another, or too old");
    const key = await keyOf(bytes(kept.tab), session);
    const half = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(kept.iv) as BufferSource }, key, bytes(kept.half) as BufferSource);
    keep({ ...kept, at: Date.now() });
    return await opened(kept.id, half);
  } catch {
    forget();
    return undefined;
  }
}

export function forget(): void {
  try {
    sessionStorage.removeItem(NAME);
  } catch {
    // Nothing was held.
  }
}
