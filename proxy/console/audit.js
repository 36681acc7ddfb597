// The audit log: who changed what, when and why, with what it was before and after.
import { exactly } from "./figures.js";
import { html, useState } from "./html.js";
import { lists, trail, words } from "./words.js";
import { Rest, usePages } from "./pager.js";

const names = words.audit;

export function Audit() {
  const [only, setOnly] = useState({ subject: "", by: "", from: "" });
  const list = usePages("/api/admin/audit", only);
  const asks = Object.values(only).some(Boolean);
  const choose = (name) => (event) => setOnly({ ...only, [name]: event.target.value.trim() });
  return html`<div class="page">
    <header><h1>${names.title}</h1><p>${names.lead}</p></header>
    <div class="row sift small" role="search">
      <input type="search" class="short" aria-label=${trail.subject} placeholder=${trail.subject} maxlength="200" onChange=${choose("subject")} />
      <input type="search" class="short" aria-label=${trail.by} placeholder=${trail.by} maxlength="200" onChange=${choose("by")} />
      <label class="row">${lists.from} <input type="date" onChange=${choose("from")} /></label></div>
    ${list.rows.length > 0 && html`<ol class="trail">${list.rows.map((line) => html`<${Line} key=${line.id} line=${line} />`)}</ol>`}
    <${Rest} list=${list} empty=${!list.rows.length} title=${asks ? trail.nothing : names.nothing} then=${!asks && names.nothingThen} more=${names.older} />
  </div>`;
}

function Line({ line }) {
  const changed = changesOf(line.before ?? {}, line.after ?? {});
  return html`<li><div class="row apart"><h2 dir="auto">${line.action} <span class="id">${line.subject}</span></h2><span class="small soft">${exactly(line.at_ms)}</span></div>
    <p class="small"><span class="soft">${names.by}</span> <span class="id">${line.actor}</span>${line.reason && html` <span dir="auto">“${line.reason}”</span>`}</p>
    ${changed.length > 0 && html`<details><summary class="small">${names.fields(changed.length, line.before === null)}</summary><div class="scroll" tabindex="0" role="region" aria-label=${line.subject}><table>
      <thead><tr><th scope="col">${names.field}</th><th scope="col">${names.before}</th><th scope="col">${names.after}</th></tr></thead>
      <tbody>${changed.map(([name, before, after]) => html`<tr key=${name}><th scope="row" class="named">${name}</th><td dir="auto">${before}</td><td dir="auto">${after}</td></tr>`)}</tbody></table></div></details>`}
  </li>`;
}

/** Only the fields that differ; whatever they hold is shown as text. */
function changesOf(before, after) {
  const said = (value) => (value === undefined || value === null ? words.none : typeof value === "string" ? value : JSON.stringify(value));
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return fields.map((name) => [name, said(before[name]), said(after[name])]).filter(([, was, is]) => was !== is);
}
