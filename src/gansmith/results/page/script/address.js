// What was sorted, filtered and ticked stands in the address, so that a link shows the same.

const KEYS = ["sort", "filter", "ticked", "curves", "cost"];

function readAddress(identity) {
  const parameters = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(KEYS.map((key) => [key, parameters.get(`${identity}.${key}`)]));
}

// `state` leaves out, as undefined, what is as it was at first.
function writeAddress(identity, state) {
  const parameters = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  for (const key of KEYS) {
    if (state[key] === undefined) parameters.delete(`${identity}.${key}`);
    else parameters.set(`${identity}.${key}`, state[key]);
  }
  try {
    history.replaceState(null, "", `#${parameters}`);
  } catch {
    // A page inside a frame of another page has no address of its own.
  }
}
