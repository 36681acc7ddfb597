// Parts that pages are made of: gauges, notes, empty states, dialogs, tables that say what went wrong; none of them fetches but
// through what it is given.
import { html, useCallback, useEffect, useRef, useState } from "./html.js";
import { whenRenewed } from "./api.js";
import { credits, momentOf } from "./figures.js";
import { errorWords, words } from "./words.js";

const SAID_MS = 1_500;

/** What `load` gives, while it comes and when it fails; `again` asks once more. */
export function useLoaded(load, inputs) {
  const [state, setState] = useState({ value: null, error: null, loading: true });
  const latest = useRef(0);
  const again = useCallback(async () => {
    const mine = ++latest.current;
    setState((before) => ({ ...before, loading: true, error: null }));
    const found = await load().then((value) => ({ value, error: null }), (error) => ({ value: null, error }));
    if (mine === latest.current) setState({ ...found, loading: false });
  }, inputs);
  useEffect(() => { again(); return () => { latest.current += 1; }; }, [again]);
  useAnew(state.error, again);
  return { ...state, again };
}

/** What was refused because a session had ended is asked for again when somebody has signed in. */
export function useAnew(error, again) {
  useEffect(() => (error?.code === "signed_out" ? whenRenewed(again) : undefined), [error, again]);
}

/** A loaded value's page, or what there is to say in its place. */
export function Loaded({ of, children }) {
  if (of.error) return html`<${Trouble} error=${of.error} onRetry=${of.again} />`;
  if (of.value === null) return html`<p class="soft" role="status">${words.loading}</p>`;
  return children(of.value);
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

/** `broad` is for tables; `firm` closes by its buttons alone. */
export function Dialog({ title, onClose, children, broad = false, firm = false }) {
  const dialog = useRef(null);
  // Who opened it finds themselves where they were.
  useEffect(() => {
    const before = document.activeElement;
    dialog.current.showModal();
    return () => { if (before?.isConnected) before.focus({ preventScroll: true }); };
  }, []);
  const outside = (event) => { if (event.target === dialog.current && !firm) onClose(); };
  return html`<dialog ref=${dialog} class=${broad ? "broad" : ""} aria-label=${title} onClose=${onClose} onMouseDown=${outside} onCancel=${(event) => { if (firm) event.preventDefault(); }}>
    <header><h2 dir="auto">${title}</h2>${!firm && html`<button type="button" class="plain" onClick=${onClose}>${words.close}</button>`}</header>
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
  const before = button.textContent;
  const done = await copy(text);
  button.textContent = done ? words.copied : words.notCopied;
  setTimeout(() => { button.textContent = before; }, SAID_MS);
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
