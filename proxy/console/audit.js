// The audit log: who changed what, when and why, with what it was before and after.
import { read } from "./api.js";
import { exactly } from "./figures.js";
import { html, useEffect, useState } from "./html.js";
import { Empty, Trouble } from "./parts.js";
import { words } from "./words.js";

const PAGE = 50;
const names = words.audit;

export function Audit() {
  const [state, setState] = useState({ rows: [], next: null, loading: true, error: null });
  const load = (before, rows) => {
    setState({ rows, next: before, loading: true, error: null });
    return read("/api/admin/audit", { before, limit: PAGE }).then(
      (page) => setState({ rows: [...rows, ...page.data], next: page.next_before, loading: false, error: null }),
      (error) => setState({ rows, next: before, loading: false, error }),
    );
  };
  useEffect(() => { load(null, []); }, []);
  const { rows, next, loading, error } = state;
  return html`<div class="page">
    <header><h1>${names.title}</h1><p>${names.lead}</p></header>
    ${rows.length > 0 && html`<ol class="trail">${rows.map((line) => html`<${Line} key=${line.id} line=${line} />`)}</ol>`}
    ${error && html`<${Trouble} error=${error} onRetry=${() => load(next, rows)} />`}
    ${loading && html`<p class="soft" role="status">${words.loading}</p>`}
    ${!loading && !error && !rows.length && html`<${Empty} title=${names.nothing}>${names.nothingThen}<//>`}
    ${!loading && next !== null && html`<p class="row after"><button type="button" onClick=${() => load(next, rows)}>${names.older}</button></p>`}
  </div>`;
}

function Line({ line }) {
  const changed = changesOf(line.before ?? {}, line.after ?? {});
  return html`<li><div class="row apart"><h2 dir="auto">${line.action} <span class="id">${line.subject}</span></h2><span class="small soft">${exactly(line.at_ms)}</span></div>
    <p class="small"><span class="soft">${names.by}</span> <span class="id">${line.actor}</span>${line.reason && html` <span dir="auto">“${line.reason}”</span>`}</p>
    ${changed.length > 0 && html`<details><summary class="small">${names.fields(changed.length)}</summary><div class="scroll" tabindex="0" role="region" aria-label=${line.subject}><table>
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
