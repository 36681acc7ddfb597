// Users by what they cost, the dearest first: the API's answers in, each of users whose ids follow each other, the dearest of all
// of them out; says how far it has looked, and looks on when asked.
import { read } from "./api.js";
import { html, useEffect, useState } from "./html.js";
import { Trouble } from "./parts.js";
import { words } from "./words.js";

const SHOWN = 50;
// Each answer sums up 4,000 days of users at most.
const ANSWERS_AT_ONCE = 25;
const names = words.overview;

/** `first` is the answer that the page has; `children` shows rows. */
export function Dearest({ first, from, children }) {
  const begun = { rows: first.data, next: first.next_after, busy: false, error: null, looked: false };
  const [state, setState] = useState(begun);
  const { rows, next, busy, error, looked } = state;
  // Whoever looked further keeps that, while the page follows the gateway.
  useEffect(() => { if (!looked) setState(begun); }, [first]);
  const onward = async () => {
    let now = { rows, next, looked: true };
    setState({ ...now, busy: true, error: null });
    try {
      for (let answers = 0; answers < ANSWERS_AT_ONCE && now.next !== null; answers += 1) {
        const page = await read("/api/admin/analytics", { from, group: "user", limit: SHOWN, after: now.next });
        now = { ...now, rows: dearestOf([...now.rows, ...page.data]), next: page.next_after };
        setState({ ...now, busy: true, error: null });
      }
      setState({ ...now, busy: false, error: null });
    } catch (failure) {
      setState({ ...now, busy: false, error: failure });
    }
  };
  return html`<p class="small soft" role="status">${next === null ? names.dearest : names.dearestTo(next)}</p>
    ${children(rows)}
    ${error && html`<${Trouble} error=${error} />`}
    ${next !== null && html`<p class="row after"><button type="button" disabled=${busy} onClick=${onward}>${busy ? names.looking : names.lookOn}</button></p>`}`;
}

const dearestOf = (rows) => rows.sort((one, other) => other.raw_cost_nano_usd - one.raw_cost_nano_usd || other.attempts - one.attempts).slice(0, SHOWN);
