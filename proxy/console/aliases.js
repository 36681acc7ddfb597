// Aliases: names that existing code says already, each for an ordered chain of models.
import { html } from "./html.js";
import { RowPages } from "./rowpages.js";
import { aliases as names } from "./words.js";

const WHAT = {
  page: "aliases", path: "/api/admin/aliases", kind: "alias", names, Table,
  fields: [{ name: "models", type: "lines", broad: true, label: names.fields.models, note: names.notes.models }],
  fresh: { models: [] },
};

export const Aliases = ({ place }) => html`<${RowPages} what=${WHAT} place=${place} />`;

function Table({ rows, link }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.title}><table>
    <thead><tr><th scope="col">${names.heads.name}</th><th scope="col">${names.heads.models}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}><th scope="row" class="named" dir="auto"><a href=${link(row)}>${row.id}</a></th><td>${row.models.join(", ")}</td></tr>`)}</tbody></table></div>`;
}
