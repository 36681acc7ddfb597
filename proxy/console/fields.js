// The fields of an editor: a value of a catalog row in, what somebody makes of it out; what is right is the gateway's to say.
import { html, useId, useState } from "./html.js";
import { linesOf } from "./deskparts.js";
import { desk } from "./words.js";

/** One field by its `type`: text, long, number, factor, lines, flag, choice, checks, rows with columns, a record of fields, or a head over those after it. */
export function Field({ field, value, onChange }) {
  const id = useId();
  const Part = field.part ?? PARTS[field.type];
  if (field.type === "head") return html`<h3 class="wide">${field.label}</h3>`;
  if (field.type === "flag") return html`<label class="row flag ${field.broad ? "broad" : ""}"><input type="checkbox" checked=${value} onChange=${(event) => onChange(event.target.checked)} /> <span>${field.label}${field.note && html`<span class="small soft">${field.note}</span>`}</span></label>`;
  return html`<div class="field ${field.wide ? "wide" : ""} ${field.broad ? "broad" : ""}">
    <label for=${id} class=${field.bare ? "hidden" : ""}>${field.label}</label>
    <${Part} id=${id} field=${field} value=${value} onChange=${onChange} />
    ${field.note && html`<p class="small soft">${field.note}</p>`}</div>`;
}

const PARTS = { text: Text, long: Long, number: Whole, factor: Factor, lines: Lines, choice: Choice, checks: Checks, rows: Rows, record: Record };

function Text({ id, field, value, onChange }) {
  const put = (event) => onChange(event.target.value === "" && field.optional ? null : event.target.value);
  return html`<input id=${id} type="text" value=${value ?? ""} onInput=${put} spellcheck=${false} inputmode=${field.decimal ? "decimal" : undefined} required=${!field.optional} />`;
}

function Long({ id, value, onChange }) {
  return html`<textarea id=${id} rows="6" dir="auto" value=${value ?? ""} onInput=${(event) => onChange(event.target.value || null)}></textarea>`;
}

function Whole({ id, field, value, onChange }) {
  return html`<input id=${id} type="text" inputmode="numeric" value=${value ?? ""} onInput=${(event) => onChange(wholeOf(event.target.value))} required=${!field.optional} />`;
}

function Lines({ id, value, onChange }) {
  // What is typed stands until it is left, or a line could never be begun.
  const [text, setText] = useState(value.join("\n"));
  const put = (event) => { setText(event.target.value); onChange(linesOf(event.target.value)); };
  return html`<textarea id=${id} rows=${Math.min(12, Math.max(3, value.length + 1))} class="mono" spellcheck=${false} value=${text} onInput=${put}></textarea>`;
}

function Factor({ id, value, onChange }) {
  // What is typed stands: on the way to 0.05 there is 0.0.
  const [text, setText] = useState(value === null ? "" : String(value));
  const put = (event) => { setText(event.target.value); onChange(factorOf(event.target.value)); };
  return html`<input id=${id} type="text" inputmode="decimal" value=${text} onInput=${put} required />`;
}

/** Any of some names, in the order of `choices`; many of them fold behind what is chosen. */
function Checks({ id, field, value, onChange }) {
  const turn = (name) => onChange(Object.keys(field.choices).filter((each) => value.includes(each) !== (each === name)));
  const boxes = html`<div class="checks" id=${id} role="group" aria-label=${field.label}>${Object.entries(field.choices).map(([name, text]) => html`
    <label class="row" key=${name}><input type="checkbox" checked=${value.includes(name)} onChange=${() => turn(name)} /> ${text}</label>`)}</div>`;
  return field.folded ? html`<details><summary>${field.folded(value)}</summary>${boxes}</details>` : boxes;
}

/** A value with fields of its own; `write` makes the value of them, where it is not they. */
function Record({ id, field, value, onChange }) {
  const [record, setRecord] = useState(value ?? field.fresh ?? {});
  const put = (name, given) => { const next = { ...record, [name]: given }; setRecord(next); onChange((field.write ?? same)(next)); };
  return html`<div class="fields record" id=${id} role="group" aria-label=${field.label}>${field.fields.map((each) => html`
    <${Field} key=${each.name} field=${each} value=${record[each.name] ?? null} onChange=${(given) => put(each.name, given)} />`)}</div>`;
}

const same = (value) => value;

function Choice({ id, field, value, onChange }) {
  return html`<select id=${id} value=${value ?? ""} required=${!("" in field.choices)} onChange=${(event) => onChange(event.target.value || null)}>
    ${Object.entries(field.choices).map(([name, text]) => html`<option key=${name} value=${name}>${text}</option>`)}</select>`;
}

/** A list of rows, or a table by key: `read` makes rows of the value, `write` a value of the rows. */
function Rows({ id, field, value, onChange }) {
  const { columns, read = (rows) => rows, write = (rows) => rows } = field;
  const [rows, setRows] = useState(() => read(value));
  const put = (next) => { setRows(next); onChange(write(next)); };
  const cell = (at, name, given) => put(rows.map((row, number) => (number === at ? { ...row, [name]: given } : row)));
  return html`<div class="cells" id=${id} role="group" aria-label=${field.label} tabindex="-1">
    ${rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${field.label}><table><thead><tr>${columns.map((column) => html`<th scope="col" key=${column.name}>${column.label}</th>`)}<th scope="col"><span class="hidden">${desk.drop("")}</span></th></tr></thead>
      <tbody>${rows.map((row, at) => html`<tr key=${at}>${columns.map((column) => html`<td key=${column.name}>
        <${Cell} column=${column} name=${`${field.label}, ${column.label} ${at + 1}`} value=${row[column.name]} onChange=${(given) => cell(at, column.name, given)} /></td>`)}
        <td><button type="button" class="plain" aria-label=${desk.drop(`${field.label} ${at + 1}`)} onClick=${() => put(rows.filter((_, number) => number !== at))}>×</button></td></tr>`)}</tbody></table></div>`}
    <button type="button" aria-label=${`${desk.add}: ${field.label}`} onClick=${() => put([...rows, Object.fromEntries(columns.map((column) => [column.name, column.choices ? Object.keys(column.choices)[0] : null]))])}>${desk.add}</button></div>`;
}

function Cell({ column, name, value, onChange }) {
  if (column.choices) {
    return html`<select aria-label=${name} value=${value} onChange=${(event) => onChange(event.target.value)}>
      ${Object.entries(column.choices).map(([given, text]) => html`<option key=${given} value=${given}>${text}</option>`)}</select>`;
  }
  const made = (text) => (text === "" ? null : column.whole ? wholeOf(text) : text);
  return html`<input type="text" class=${column.narrow ? "narrow" : ""} aria-label=${name} value=${value ?? ""} spellcheck=${false} onInput=${(event) => onChange(made(event.target.value))} />`;
}

/** A whole number where it is one; else the text, which the gateway names as wrong. */
export const wholeOf = (text) => (text.trim() === "" ? null : /^\d{1,15}$/.test(text.trim()) ? Number(text) : text);

/** Tables by key as rows, and back: `{ gpt: "1.2" }` or `{ chat: { requests: 3 } }`. */
export const keyed = {
  plain: { read: (table) => Object.entries(table).map(([key, value]) => ({ key, value })), write: (rows) => Object.fromEntries(rows.filter((row) => row.key).map((row) => [row.key, row.value])) },
  numbers: { read: (table) => Object.entries(table).map(([key, value]) => ({ key, value: String(value) })), write: (rows) => Object.fromEntries(rows.filter((row) => row.key).map((row) => [row.key, factorOf(row.value)])) },
  factors: { read: (table) => Object.entries(table).map(([key, parts]) => ({ key, ...Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, String(value)])) })),
    write: (rows) => Object.fromEntries(rows.filter((row) => row.key).map(({ key, ...parts }) => [key, Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, factorOf(value)]))])) },
  twice: { read: (table) => Object.entries(table).flatMap(([of, inner]) => Object.entries(inner).map(([key, value]) => ({ of, key, value }))),
    write: (rows) => rows.filter((row) => row.of && row.key).reduce((table, { of, key, value }) => ({ ...table, [of]: { ...table[of], [key]: value } }), {}) },
  nested: { read: (table) => Object.entries(table).map(([key, value]) => ({ key, ...value })), write: (rows) => Object.fromEntries(rows.filter((row) => row.key).map(({ key, ...value }) => [key, value])) },
};

const factorOf = (text) => (text !== null && /^\d+(\.\d+)?$/.test(text) ? Number(text) : text);
