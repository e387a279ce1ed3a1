/** What is kept on this device and nowhere else. */

export const kept = (name: string): string | null => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};

/** Keeps a value; nothing is kept for an empty one. */
export const keep = (name: string, value: string): void => {
  try {
    if (value === "") localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // A device that keeps nothing begins at the beginning.
  }
};
