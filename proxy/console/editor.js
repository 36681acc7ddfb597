// An editor of one catalog row: its fields in, a change that was looked at before it was saved out; asks for the reason, shows
// now and then side by side and what the last 30 days would have been, and saves nothing that nobody confirmed.
import { ask, read } from "./api.js";
import { html, useState } from "./html.js";
import { useHeldBack } from "./leaving.js";
import { Changes } from "./deskparts.js";
import { Dialog, Trouble } from "./parts.js";
import { Field } from "./fields.js";
import { Preview } from "./preview.js";
import { desk } from "./words.js";

const names = desk.editor;

/**
 * `kind` is that of a catalog row; without one there is nothing to replay. `row` is what is in force, with its `version_tag`; `fields` say what may be changed of it. Where fields are not those of the row,
 * `shape` makes them of it and `made` makes the row's of those that changed.
 */
export function Editor({ kind, path, row, fields, onSaved, label, shape = same, made = same }) {
  const [draft, setDraft] = useState(() => drawn(shape(row), fields));
  const [reviewing, setReviewing] = useState(false);
  // Rows and lines keep what is typed: a new draft is a new form.
  const [form, setForm] = useState(0);
  const changed = made(changedOf(draft, shape(row), fields), row);
  const count = Object.keys(changed).length;
  const anew = (from) => { setDraft(drawn(shape(from), fields)); setForm(form + 1); };
  useHeldBack(count > 0);
  const review = (event) => { event.preventDefault(); setReviewing(true); };
  const saved = (now) => { setReviewing(false); anew(now); onSaved(now); };
  return html`<form class="editor ${count > 0 ? "touched" : ""}" aria-label=${label} onSubmit=${review}>
    <div class="fields" key=${form}>${fields.map((field) => html`<${Field} key=${field.name} field=${field} value=${draft[field.name]} onChange=${(value) => setDraft((now) => ({ ...now, [field.name]: value }))} />`)}</div>
    <div class="row"><button class="first" disabled=${!count}>${names.review}</button>
      ${count > 0 ? html`<button type="button" onClick=${() => anew(row)}>${names.discard}</button>` : html`<span class="small soft">${names.unchanged}</span>`}</div>
  </form>
  ${reviewing && html`<${Review} kind=${kind} path=${path} row=${row} changed=${changed} onSaved=${saved} onClose=${() => setReviewing(false)} />`}`;
}

function Review({ kind, path, row, changed, onSaved, onClose }) {
  const [state, setState] = useState({ busy: false, error: null, base: row });
  const { base, busy, error } = state;
  const before = Object.fromEntries(Object.keys(changed).map((name) => [name, base[name]]));
  const save = async (event) => {
    event.preventDefault();
    const reason = new FormData(event.currentTarget).get("reason").trim();
    setState({ ...state, busy: true, error: null });
    await ask("PATCH", path, { ifMatch: base.version_tag, body: { ...changed, reason } }).then(onSaved, (failure) => setState({ ...state, busy: false, error: failure }));
  };
  // Nothing is saved over what is being read.
  const anew = async () => {
    setState({ ...state, busy: true });
    await read(path).then((now) => setState({ busy: false, error: null, base: now }), (failure) => setState({ ...state, busy: false, error: failure }));
  };
  return html`<${Dialog} title=${names.title} onClose=${onClose} broad=${true} busy=${busy}><div class="stack">
    <${Changes} before=${before} after=${changed} label=${names.title} />
    ${kind && html`<${Preview} patches=${[{ kind, id: row.id, fields: changed }]} />`}
    <form class="stack" onSubmit=${save}>
      <label class="field"><span>${desk.reason}</span><textarea name="reason" rows="2" required maxlength="500"></textarea></label>
      ${error && html`<${Trouble} error=${error}>${error.status === 412 && html`<button type="button" onClick=${anew}>${names.conflict}</button>`}<//>`}
      <div class="row"><button class="first" disabled=${busy}>${names.save}</button><button type="button" disabled=${busy} onClick=${onClose}>${desk.cancel}</button></div>
    </form></div><//>`;
}

const same = (value) => value;

/** Each field's value as the row has it. */
export const drawn = (row, fields) => Object.fromEntries(fields.map(({ name }) => [name, row[name] ?? null]));

export function changedOf(draft, row, fields) {
  const differs = ({ name }) => canonical(draft[name]) !== canonical(row[name] ?? null);
  return Object.fromEntries(fields.filter(differs).map(({ name }) => [name, draft[name]]));
}

// What is null is as good as left out, within a row as in a table.
const canonical = (value) => JSON.stringify(value, (_, part) => (part !== null && typeof part === "object" && !Array.isArray(part)
  ? Object.fromEntries(Object.entries(part).filter(([, each]) => each !== null).sort(([one], [other]) => (one < other ? -1 : 1))) : part));
