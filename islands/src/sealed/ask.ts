/* What the pages of observations send to the node, and how it is told when that fails. */
import { w } from "../pocket/said.ts";

/** Sends a form; what the node refuses is thrown in its words. */
export async function send(url: string, form: Record<string, string>, csrf: string): Promise<Record<string, unknown>> {
  let answer: Response;
  try {
    answer = await fetch(url, { method: "POST", body: new URLSearchParams({ ...form, _csrf: csrf }) });
  } catch {
    throw new Error(w("seal-off-network"));
  }
  if (answer.ok) return (await answer.json()) as Record<string, unknown>;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  throw new Error(answer.status === 409 ? (page.querySelector("h1")?.textContent ?? w("seal-failed")) : w("seal-failed"));
}

export async function get<T>(url: string): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url, { cache: "no-store" });
  } catch {
    throw new Error(w("seal-off-network"));
  }
  if (!answer.ok) throw new Error(w("seal-failed"));
  return (await answer.json()) as T;
}
