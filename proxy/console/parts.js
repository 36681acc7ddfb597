// Parts that pages are made of: gauges, notes, empty states, dialogs, tables that say what went wrong; none of them fetches but
// through what it is given.
import { html, useCallback, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { whenRenewed } from "./api.js";
import { credits, momentOf } from "./figures.js";
import { errorWords, words } from "./words.js";

const SAID_MS = 1_500;
const TURNS_WAITED_MAX = 12;

/** What `load` gives, while it comes and when it fails; `again` asks once more, and what was there stays where that fails. While
 * other inputs are asked for, `isOld` says that the value is still that of the inputs before. */
export function useLoaded(load, inputs) {
  const [state, setState] = useState({ value: null, error: null, loading: true, asked: null, of: null });
  const latest = useRef(0);
  const again = useCallback(async () => {
    const mine = ++latest.current;
    const settle = (change) => setState((now) => (mine === latest.current ? { ...now, loading: false, ...change(now) } : now));
    setState((now) => ({ ...now, loading: true, asked: again, error: now.of === again ? now.error : null }));
    await load().then(
      (value) => settle(() => ({ value, error: null, of: again })),
      (error) => settle((now) => ({ error, value: now.of === again ? now.value : null })),
    );
  }, inputs);
  useEffect(() => { again(); return () => { latest.current += 1; }; }, [again]);
  const asks = state.asked === again;
  const error = asks ? state.error : null;
  useAnew(error, again);
  return { ...state, error, loading: state.loading || !asks, isOld: state.value !== null && state.of !== again, again };
}

/** Asks again and again while the page is seen. An answer that is slower than that is waited for: whoever asks anew gives it up, and
 * would never see one. */
export function useAgainEvery(loaded, everyMs) {
  const latest = useRef(null);
  latest.current = loaded;
  useEffect(() => {
    let waited = 0;
    const timer = setInterval(() => {
      if (document.hidden || (latest.current.loading && ++waited < TURNS_WAITED_MAX)) return;
      waited = 0;
      latest.current.again();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}

/** What was refused because a session had ended is asked for again when somebody has signed in. */
export function useAnew(error, again) {
  useEffect(() => {
    if (error?.code !== "signed_out") return undefined;
    if (!error.isOver) return whenRenewed(again);
    // Somebody signed in while it was on its way: nobody will say so again.
    again();
    return undefined;
  }, [error, again]);
}

/** A loaded value's page, or what there is to say in its place. What failed since is told above the page: on it somebody may be
 * writing. */
export function Loaded({ of, children }) {
  const trouble = of.error && html`<${Trouble} error=${of.error} onRetry=${of.again} />`;
  if (of.value === null) return trouble ?? html`<p class="soft" role="status">${words.loading}</p>`;
  return [trouble, children(of.value)];
}

export function Trouble({ error, onRetry, children }) {
  const said = errorWords(error);
  return html`<div class="note ${said.tone}" role="alert">
    <p>${said.what}${said.then && html` <span>${said.then}</span>`}</p>
    ${(onRetry && said.retry || children) && html`<div class="row">
      ${onRetry && said.retry && html`<button type="button" onClick=${onRetry}>${words.retry}</button>`}${children}
    </div>`}
    ${error.requestId && html`<p class="small soft">${words.quote} <span class="id">${error.callId ?? error.requestId}</span></p>`}
  </div>`;
}

export function Empty({ title, children }) {
  return html`<div class="empty"><strong>${title}</strong>${children}</div>`;
}

/** An allowance: what is spent, what is held, what is left and when it begins anew. */
export function Gauge({ limit, spent, held, label }) {
  const part = (value) => (Number(limit) > 0 ? Math.min(100, (100 * Number(value)) / Number(limit)) : 100);
  const used = part(spent);
  const tone = used >= 100 ? "stop" : used >= 85 ? "caution" : "";
  return html`<div class="gauge ${tone}" role="meter" aria-label=${label} aria-valuemin="0" aria-valuemax=${Number(limit)}
      aria-valuenow=${Math.min(Number(spent), Number(limit))} aria-valuetext=${words.spentOf(credits(spent), credits(limit))}>
    <i style=${{ width: `${used}%` }}></i><i class="held" style=${{ width: `${Math.min(100 - used, part(held))}%` }}></i>
  </div>`;
}

/** `broad` is for tables; `firm` closes by its buttons alone; `busy` does not close, for what was asked for is under way. */
export function Dialog({ title, onClose, children, broad = false, firm = false, busy = false }) {
  const dialog = useRef(null);
  // Who opened it finds themselves where they were.
  useLayoutEffect(() => {
    const before = document.activeElement;
    dialog.current.showModal();
    return () => { if (before?.isConnected) before.focus({ preventScroll: true }); };
  }, []);
  const close = () => { if (!busy) onClose(); };
  // A browser lets nobody be held by a key pressed twice: what it has closed is opened again.
  const closed = () => { if (firm || busy) dialog.current.showModal(); else onClose(); };
  const outside = (event) => { if (event.target === dialog.current && !firm) close(); };
  return html`<dialog ref=${dialog} class=${broad ? "broad" : ""} aria-label=${title} onClose=${closed} onMouseDown=${outside} onCancel=${(event) => { if (firm || busy) event.preventDefault(); }}>
    <header><h2 dir="auto">${title}</h2>${!firm && html`<button type="button" class="plain" disabled=${busy} onClick=${close}>${words.close}</button>`}</header>
    ${children}
  </dialog>`;
}

export function Copy({ text, label = words.copy }) {
  return html`<button type="button" class="plain" onClick=${(event) => copied(text, event.currentTarget)}>${label}</button>`;
}

export function Snippet({ title, text }) {
  return html`<figure class="code"><header><span>${title}</span><${Copy} text=${text} /></header>
    <pre tabindex="0"><code>${text}</code></pre></figure>`;
}

export const State = ({ tone, children }) => html`<span class="state ${tone}">${children}</span>`;
export const When = ({ ms }) => html`<time datetime=${new Date(ms).toISOString()}>${momentOf(ms)}</time>`;

/** Puts text into the clipboard and says so on the button for a moment. */
export async function copied(text, button) {
  // Who presses twice finds the word that was there at first.
  button.dataset.says ??= button.textContent;
  button.textContent = (await copy(text)) ? words.copied : words.notCopied;
  clearTimeout(button.dataset.timer);
  button.dataset.timer = setTimeout(() => { button.textContent = button.dataset.says; }, SAID_MS);
}

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
  // Pages over plain HTTP from another machine have no clipboard of their own.
  const area = Object.assign(document.createElement("textarea"), { value: text, className: "hidden" });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
