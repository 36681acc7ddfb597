// Lists that come a page at a time: what was loaded so far, and the button that asks for more; where a page stopped looking, it says so.
import { read } from "./api.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { lists, words } from "./words.js";
import { Empty, Trouble, useAnew } from "./parts.js";

const PAGE = 50;
const NOTHING_YET = { rows: [], next: null, lookedAt: null, loading: true, error: null };

/** The rows of a list whose pages follow each other by `next_before` or `next_after`. `rows` names them in the answer. */
export function usePages(path, query, { cursor = "before", rows: named = "data" } = {}) {
  const asked = JSON.stringify([path, query]);
  const [state, setState] = useState({ asked: null, ...NOTHING_YET });
  const latest = useRef({ number: 0 }).current;
  const load = async (from, rows) => {
    const mine = ++latest.number;
    setState((now) => ({ ...now, asked, rows, loading: true, error: null }));
    const settle = (change) => { if (mine === latest.number) setState((now) => ({ ...now, loading: false, ...change })); };
    await read(path, { ...query, [cursor]: from, limit: PAGE }).then(
      (page) => settle({ rows: [...rows, ...page[named]], next: page[`next_${cursor}`], lookedAt: page.looked_at ?? null }),
      (error) => settle({ error, next: from }),
    );
  };
  // Who asks again from a dialog that was opened before another filter was chosen asks for what that one finds.
  latest.load = load;
  useEffect(() => { load(null, []); }, [asked]);
  const more = () => load(state.next, state.rows);
  useAnew(state.error, more);
  // Rows of another question are none of this one's, from the first moment on.
  return { ...state, ...(state.asked === asked ? {} : NOTHING_YET), more, again: () => latest.load(null, []) };
}

/** What follows a list: more of it, where it stopped looking, or why there is none. */
export function Rest({ list, empty, title, then, more = words.more }) {
  if (list.error) return html`<${Trouble} error=${list.error} onRetry=${list.more} />`;
  if (list.loading) return html`<p class="soft" role="status">${words.loading}</p>`;
  if (list.next === null) return empty && html`<${Empty} title=${title}>${then}<//>`;
  return html`<p class="row after">${list.lookedAt !== null && html`<span class="soft" role="status">${lists.stopped(list.lookedAt)}</span>`}
    <button type="button" onClick=${list.more}>${list.lookedAt === null ? more : lists.goOn}</button></p>`;
}
