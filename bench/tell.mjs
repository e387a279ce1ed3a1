// How a measure is told: one JSON object a line.

const round = (n) => Math.round(n * 100) / 100;

/** Tells what was measured, and what the peer took for the same work, if there is one. */
export function tell(name, value, unit, goal, ok, peer = null, peerValue = undefined) {
  const is = peerValue === undefined ? {} : { peer_value: String(round(peerValue)), ratio: Math.round((peerValue / value) * 10) / 10 };
  console.log(JSON.stringify({ name, value: round(value), unit, goal, ok, peer, peer_value: null, ratio: null, ...is }));
}

/** What so many of a hundred are not above. */
export const percentile = (all, p) => all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor((all.length * p) / 100))];
