// What a catalog that is not in force would change: rows made, gone and changed, field by field, or the mistakes in its way.
import { html } from "./html.js";
import { State } from "./parts.js";
import { Changes } from "./deskparts.js";
import { desk } from "./words.js";

const names = desk.files;

export function Outlook({ outlook, same }) {
  if (outlook.mistakes.length) return html`<${Mistakes} rows=${outlook.mistakes} />`;
  const beside = [outlook.rules_differ && names.beside.rules, outlook.ceilings_differ && names.beside.ceilings].filter(Boolean);
  if (!outlook.changes.length && !beside.length) return html`<p class="note">${same}</p>`;
  return html`${beside.map((text) => html`<p key=${text}>${text}</p>`)}
    ${outlook.changes.map((change) => html`<${Difference} key=${`${change.kind} ${change.id}`} change=${change} />`)}`;
}

function Difference({ change }) {
  const { before, after } = change;
  const [tone, word] = before === null ? ["go", names.created] : after === null ? ["stop", names.dropped] : ["caution", names.changed];
  return html`<div class="difference"><h3><${State} tone=${tone}>${word}<//> <span class="soft">${change.kind}</span> <span class="id" dir="auto">${change.id}</span></h3>
    ${after !== null && html`<${Changes} before=${before} after=${after} label=${change.id} />`}</div>`;
}

function Mistakes({ rows }) {
  const heads = names.mistakeHeads;
  return html`<div class="note stop" role="alert"><p>${names.mistakes(rows.length)}</p></div>
    <div class="scroll after" tabindex="0" role="region" aria-label=${heads.message}><table><thead><tr>${Object.values(heads).map((name) => html`<th scope="col" key=${name}>${name}</th>`)}</tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.file + row.key + row.message}><th scope="row" class="named">${row.file}</th><td class="id" dir="auto">${row.key}</td><td dir="auto">${row.message}</td></tr>`)}</tbody></table></div>`;
}
