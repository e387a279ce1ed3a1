/*
 * Envelopes for two. A person's pair of keys is of P-256 and made here; its private half leaves the browser sealed under a
 * passphrase (PBKDF2, SHA-256, AES-GCM). What is written is sealed under a key of its own (AES-GCM, 256 bits), and that
 * key to each reader by a pair that is drawn for it alone (ECDH, HKDF, AES-GCM), so that nothing secret is needed to write.
 *
 * As bytes. Private half: salt 16, rounds 4, vector 12, sealed PKCS #8. Envelope: version 1, vector 12, sealed JSON. Its key
 * for a reader: the reader's key 16, the drawn point 65, vector 12, sealed key 48.
 */
import { keyOf } from "../pocket/sealed.ts";

const ROUNDS = 600_000;
const CURVE = { name: "ECDH", namedCurve: "P-256" };
const ONE_KEY = 141;
const VERSION = 1;
/** What a wrapped key is bound to besides its two points; it is named after the first room that sealed. */
const INFO = "zampa observation 1";
/** What is sealed is filled up to a multiple of this, so that its length tells little. */
const STEP = 1024;
export const LEAST_PASS = 10;

/** Somebody's open half, as the node gives it. */
export interface OpenKey {
  id: string;
  public: string;
}

/** One's own key, as the node keeps it. */
export interface OwnKey extends OpenKey {
  private: string;
}

/** A key that is open in this page. */
export interface Opened {
  id: string;
  key: CryptoKey;
}

export interface Envelope {
  sealed: string;
  keys: string;
}

const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";

/** Bytes as the node's letters: 5 bits each. */
export function letters(bytes: Uint8Array): string {
  let [out, held, bits] = ["", 0, 0];
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += LETTERS[(held >> bits) & 31];
    }
  }
  return bits ? out + LETTERS[(held << (5 - bits)) & 31] : out;
}

/** And back. */
export function bytes(text: string): Uint8Array {
  const out = new Uint8Array(Math.floor((text.length * 5) / 8));
  let [at, held, bits] = [0, 0, 0];
  for (const letter of text) {
    held = ((held << 5) | LETTERS.indexOf(letter)) & 0xffff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out[at] = (held >> bits) & 255;
      at += 1;
    }
  }
  return out;
}

const random = (n: number): Uint8Array => crypto.getRandomValues(new Uint8Array(n));
const text = (said: string): BufferSource => new TextEncoder().encode(said);

function joined(...parts: (Uint8Array | ArrayBuffer)[]): Uint8Array {
  const all = parts.map((part) => new Uint8Array(part));
  const out = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of all) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

async function locked(pass: string, pkcs8: ArrayBuffer): Promise<Uint8Array> {
  const [salt, iv, rounds] = [random(16), random(12), new Uint8Array(4)];
  new DataView(rounds.buffer).setUint32(0, ROUNDS);
  const key = await keyOf(pass, salt, ROUNDS);
  return joined(salt, rounds, iv, await crypto.subtle.encrypt({ name: "AES-GCM", iv: iv as BufferSource }, key, pkcs8));
}

async function unlocked(pass: string, sealed: Uint8Array): Promise<ArrayBuffer | undefined> {
  const rounds = new DataView(sealed.buffer, sealed.byteOffset).getUint32(16);
  const key = await keyOf(pass, sealed.slice(0, 16), Math.min(rounds, 10 * ROUNDS));
  try {
    return await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.slice(20, 32) as BufferSource }, key, sealed.slice(32) as BufferSource);
  } catch {
    return undefined;
  }
}

/** A new pair: its open half, and its private half under the passphrase, for the node to keep. */
export async function makeKey(pass: string): Promise<{ public: string; private: string }> {
  const pair = (await crypto.subtle.generateKey(CURVE, true, ["deriveBits"])) as CryptoKeyPair;
  const open = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const own = await locked(pass, await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  return { public: letters(open), private: letters(own) };
}

/** Opens one's own key; nothing for a wrong passphrase. `held` is told of what stands in the sealed half. */
export async function openKey(pass: string, own: OwnKey, held?: (half: ArrayBuffer) => Promise<void>): Promise<Opened | undefined> {
  const half = await unlocked(pass, bytes(own.private));
  if (half) await held?.(half);
  return half && opened(own.id, half);
}

/** A key as this page uses it: nothing can take it out of here again. */
export async function opened(id: string, half: ArrayBuffer): Promise<Opened> {
  return { id, key: await crypto.subtle.importKey("pkcs8", half, CURVE, false, ["deriveBits"]) };
}

/** The private half under another passphrase; nothing for a wrong one. */
export async function relock(pass: string, next: string, own: OwnKey): Promise<string | undefined> {
  const pkcs8 = await unlocked(pass, bytes(own.private));
  return pkcs8 && letters(await locked(next, pkcs8));
}

/** A short sign of a key, which two people can compare. */
export async function sign(open: OpenKey): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes(open.public) as BufferSource));
  return letters(hash.slice(0, 10)).replace(/(.{4})(?=.)/g, "$1 ");
}

/** What stands between two keys, and is bound to both. */
async function between(own: CryptoKey, other: CryptoKey, info: Uint8Array): Promise<CryptoKey> {
  const bits = await crypto.subtle.deriveBits({ name: "ECDH", public: other }, own, 256);
  const material = await crypto.subtle.importKey("raw", bits, "HKDF", false, ["deriveKey"]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info: info as BufferSource };
  return crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

async function sealKey(content: Uint8Array, to: OpenKey): Promise<Uint8Array> {
  const open = bytes(to.public);
  const other = await crypto.subtle.importKey("raw", open as BufferSource, CURVE, false, []);
  const pair = (await crypto.subtle.generateKey(CURVE, true, ["deriveBits"])) as CryptoKeyPair;
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const key = await between(pair.privateKey, other, joined(text(INFO) as Uint8Array, point, bytes(to.id)));
  const iv = random(12);
  return joined(bytes(to.id), point, iv, await crypto.subtle.encrypt({ name: "AES-GCM", iv: iv as BufferSource }, key, content as BufferSource));
}

/** The content's key, out of the one of an envelope's keys that is sealed to this reader. */
async function contentKey(keys: Uint8Array, own: Opened): Promise<Uint8Array | undefined> {
  for (let at = 0; at + ONE_KEY <= keys.length; at += ONE_KEY) {
    const one = keys.slice(at, at + ONE_KEY);
    if (letters(one.slice(0, 16)) !== own.id) continue;
    try {
      const point = one.slice(16, 81);
      const other = await crypto.subtle.importKey("raw", point as BufferSource, CURVE, false, []);
      const key = await between(own.key, other, joined(text(INFO) as Uint8Array, point, bytes(own.id)));
      return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: one.slice(81, 93) as BufferSource }, key, one.slice(93) as BufferSource));
    } catch {
      continue;
    }
  }
  return undefined;
}

/** What an envelope belongs to: it opens nowhere else. */
export const about = (record: string, what: string): string => `zampa ${record} ${what}`;

/** Seals something to these readers. `about` says what it belongs to, so that it opens nowhere else. */
export async function seal(value: unknown, about: string, to: OpenKey[]): Promise<Envelope> {
  const [content, iv] = [random(32), random(12)];
  const key = await crypto.subtle.importKey("raw", content as BufferSource, "AES-GCM", false, ["encrypt"]);
  const said = text(JSON.stringify(value)) as Uint8Array;
  const plain = new Uint8Array(Math.ceil(said.length / STEP) * STEP).fill(32);
  plain.set(said);
  const how = { name: "AES-GCM", iv: iv as BufferSource, additionalData: text(about) };
  const sealed = joined(new Uint8Array([VERSION]), iv, await crypto.subtle.encrypt(how, key, plain as BufferSource));
  const keys = await Promise.all(to.map((one) => sealKey(content, one)));
  return { sealed: letters(sealed), keys: letters(joined(...keys)) };
}

/** Opens an envelope; nothing where it is not sealed to this key, or was changed. */
export async function open<T>(envelope: Envelope, about: string, own: Opened): Promise<T | undefined> {
  const content = await contentKey(bytes(envelope.keys), own);
  const sealed = bytes(envelope.sealed);
  if (!content || sealed[0] !== VERSION) return undefined;
  try {
    const key = await crypto.subtle.importKey("raw", content as BufferSource, "AES-GCM", false, ["decrypt"]);
    const how = { name: "AES-GCM", iv: sealed.slice(1, 13) as BufferSource, additionalData: text(about) };
    return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(how, key, sealed.slice(13) as BufferSource))) as T;
  } catch {
    return undefined;
  }
}

/** Whether an envelope is sealed to a key. */
export function isFor(envelope: Envelope, key: OpenKey): boolean {
  const keys = bytes(envelope.keys);
  for (let at = 0; at + ONE_KEY <= keys.length; at += ONE_KEY) if (letters(keys.slice(at, at + 16)) === key.id) return true;
  return false;
}

/** The key of an envelope that one can open, sealed to one more reader; nothing where one cannot. */
export async function more(envelope: Envelope, own: Opened, to: OpenKey): Promise<string | undefined> {
  const content = await contentKey(bytes(envelope.keys), own);
  return content && letters(await sealKey(content, to));
}
