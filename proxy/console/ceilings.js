// The operator's ceilings on raw cost: what they are and which file's row changes them; nothing here does.
import { html } from "./html.js";
import { Empty, Snippet } from "./parts.js";
import { ceilings as names } from "./words.js";

export function CeilingPlaces({ rows }) {
  const heads = names.heads;
  return html`<section aria-labelledby="ceilings"><header><h2 id="ceilings">${names.title}</h2></header><p class="soft">${names.lead}</p>
    ${rows.length ? html`<div class="scroll after" tabindex="0" role="region" aria-label=${names.title}><table>
      <thead><tr><th scope="col">${heads.scope}</th><th scope="col" class="number">${heads.dollars}</th><th scope="col">${heads.file}</th><th scope="col">${heads.row}</th></tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.scope}><th scope="row" class="named">${row.scope}</th><td class="number">${row.dollars_per_day}</td><td class="id">${row.file}</td><td><code>${names.row(row.scope)}</code></td></tr>`)}</tbody></table></div>`
      : html`<div class="after"><${Empty} title=${names.nothing} /></div>`}
    <p class="soft after">${names.how}</p><${Snippet} title=${names.add} text=${names.example} /></section>`;
}
