// Whether a place may be left: forms with unsaved changes in, a question to whoever wrote them out. The back button, links,
// signing out and closing the tab all ask here.
import { useLayoutEffect, useRef } from "./html.js";
import { words } from "./words.js";

const held = new Set();

/** While `hold` is true, leaving asks first. Gives what lets go at once, for a form that was saved. */
export function useHeldBack(hold) {
  const mine = useRef({}).current;
  useLayoutEffect(() => {
    if (!hold) return undefined;
    const stay = (event) => { if (held.has(mine)) event.preventDefault(); };
    held.add(mine);
    addEventListener("beforeunload", stay);
    return () => { held.delete(mine); removeEventListener("beforeunload", stay); };
  }, [hold]);
  return () => held.delete(mine);
}

/** What was being changed is gone: nothing holds anybody back any more. */
export const letGo = () => held.clear();

export const mayLeave = () => held.size === 0 || confirm(words.leave);

/**
 * Calls `onMoved` when the address names another place. A browser says so only afterwards; so each place has a number in the
 * history, by which somebody who stays is brought back the way they came.
 */
export function followAddress(onMoved) {
  let here = { place: history.state?.place ?? 0, hash: location.hash };
  let stays = false;
  const number = (place) => { here = { place, hash: location.hash }; history.replaceState({ place }, ""); };
  number(here.place);
  const moved = ({ newURL }) => {
    const there = history.state?.place;
    // Of this move: by now the address may name where a later one leads.
    const isBack = stays && new URL(newURL).hash === here.hash;
    stays = false;
    if (isBack) return;
    if (mayLeave()) { number(there ?? here.place + 1); onMoved(); return; }
    stays = true;
    history.go((there === undefined ? 0 : here.place - there) || -1);
  };
  addEventListener("hashchange", moved);
  return () => removeEventListener("hashchange", moved);
}
