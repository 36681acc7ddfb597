// What the editing pages share: a dialog that asks for a reason, tables of what changes; none of them knows a page.
import { html, useState } from "./html.js";
import { useHeldBack } from "./leaving.js";
import { Dialog, Trouble } from "./parts.js";
import { desk } from "./words.js";

const GROUP = ["models", "assistants", "plans", "aliases", "policy", "files"];

/** The way between the pages of the catalog. */
export function CatalogNav({ page }) {
  return html`<nav class="tabs links" aria-label=${desk.catalog}>${GROUP.map((name) => html`
    <a key=${name} href="#/${name}" aria-current=${name === page ? "page" : undefined}>${desk.nav[name]}</a>`)}</nav>`;
}

/** A change that asks why. `act` is given the form's values and the reason; what it throws stays in the dialog. */
export function Change({ title, lead, button, act, onDone, onClose, children, danger = false, wants = true }) {
  const [state, setState] = useState({ busy: false, error: null });
  const [written, setWritten] = useState(false);
  const release = useHeldBack(written);
  const done = (answer) => { release(); onDone(answer); };
  const submit = async (event) => {
    event.preventDefault();
    if (state.busy) return;
    const given = Object.fromEntries([...new FormData(event.currentTarget)].map(([name, value]) => [name, value.trim()]));
    setState({ busy: true, error: null });
    await act(given).then(done, (error) => setState({ busy: false, error }));
  };
  return html`<${Dialog} title=${title} onClose=${onClose} busy=${state.busy}><form class="stack" onSubmit=${submit} onInput=${() => setWritten(true)}>
    ${lead && html`<p>${lead}</p>`}
    ${children}
    ${wants && html`<label class="field"><span>${desk.reason}</span><textarea name="reason" rows="2" required maxlength="500"></textarea></label>`}
    ${state.error && html`<${Trouble} error=${state.error} />`}
    <div class="row"><button class=${danger ? "danger" : "first"} disabled=${state.busy}>${button}</button>
      <button type="button" disabled=${state.busy} onClick=${onClose}>${desk.cancel}</button></div></form><//>`;
}

/** Only the fields that differ, nested ones by their path: each with what it was and is, a text or a list of texts. */
export function changesOf(before, after) {
  const was = flat(before), is = flat(after);
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return names.filter((name) => String(was[name]) !== String(is[name])).map((name) => [name, was[name], is[name]]);
}

export function Changes({ before, after, label }) {
  const rows = changesOf(before ?? {}, after ?? {});
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${label}><table class="changes">
    <thead><tr><th scope="col">${desk.field}</th>${before && html`<th scope="col">${desk.before}</th>`}${after && html`<th scope="col">${desk.after}</th>`}</tr></thead>
    <tbody>${rows.map(([name, was, is]) => html`<tr key=${name}><th scope="row" class="named">${name}</th>
      ${before && html`<td dir="auto"><${Marked} value=${was} other=${after && is} tag="del" /></td>`}${after && html`<td dir="auto"><${Marked} value=${is} other=${before && was} tag="ins" /></td>`}</tr>`)}</tbody></table></div>`;
}

/** A value with the parts marked that the other side lacks. */
function Marked({ value, other, tag }) {
  if (value === undefined) return desk.none;
  const there = new Set([other ?? []].flat());
  return [value].flat().map((part, at) => html`${at > 0 && ", "}${other === null || there.has(part) ? part : html`<${tag}>${part}<//>`}`);
}

/** A value of a row in words. */
export const said = (value) => {
  const parts = Object.entries(flat({ value: value === undefined ? null : value }));
  return parts.map(([path, part]) => [path.replace(/^value\.?/, ""), [part].flat().join(", ")].filter(Boolean).join(" ")).join(", ") || desk.none;
};

function flat(value, path = "", found = {}) {
  for (const [name, part] of Object.entries(value)) {
    const here = path ? `${path}.${name}` : name;
    if (part !== null && typeof part === "object" && !Array.isArray(part)) flat(part, here, found);
    else if (part !== null && part !== undefined) found[here] = Array.isArray(part) && part.length ? part.map(one) : one(part);
  }
  return found;
}

function one(value) {
  if (typeof value === "boolean") return value ? desk.yes : desk.no;
  if (value === "" || (Array.isArray(value) && !value.length)) return desk.empty;
  if (value === null || typeof value !== "object") return String(value);
  return Object.entries(value).filter(([, each]) => each !== null).map(([name, each]) => `${name} ${one(each)}`).join(" ");
}

/** What was done, said once where screen readers hear it. */
export const Done = ({ children }) => html`<p class="note go" role="status">${children}</p>`;

/** The last moment of a day that a date field names, UTC; undefined when it names none. */
export const endOf = (date) => (date ? Date.parse(`${date}T23:59:59.999Z`) : undefined);
export const linesOf = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
