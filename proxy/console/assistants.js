// Assistants: their list, and which fields of one may be changed.
import { html } from "./html.js";
import { State } from "./parts.js";
import { keyed } from "./fields.js";
import { RowPages } from "./rowpages.js";
import { desk } from "./words.js";

const names = desk.assistants;
const field = (name, type, more = {}) => ({ name, type, label: names.fields[name], note: names.notes[name], ...more });

const WHAT = {
  page: "assistants", path: "/api/admin/assistants", kind: "assistant", names, Table,
  fields: [
    field("name", "text"), field("family", "text"), field("order", "choice", { choices: names.orders }), field("output_tokens_max", "number", { optional: true }),
    field("preferences", "lines", { broad: true }), field("task_types", "lines"), field("plans", "lines"),
    field("weights", "rows", { wide: true, columns: [{ name: "key", label: names.weightHeads.key }, { name: "value", label: names.weightHeads.value, narrow: true }], ...keyed.numbers }),
    field("budgets", "rows", { wide: true, columns: [{ name: "window", label: names.budgetHeads.window, choices: desk.plans.windows }, { name: "credits", label: names.budgetHeads.credits, narrow: true }] }),
    field("system_prompt", "long", { wide: true }), field("enabled", "flag"), field("rescue", "flag"),
  ],
  fresh: { family: "general", order: "ordered", preferences: [], task_types: [], plans: [], weights: {}, budgets: [], enabled: true, rescue: true },
};

export const Assistants = ({ place }) => html`<${RowPages} what=${WHAT} place=${place} />`;

function Table({ rows, link }) {
  const heads = names.heads;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.title}><table>
    <thead><tr>${Object.values(heads).map((name) => html`<th scope="col" key=${name}>${name}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}><th scope="row" class="named" dir="auto"><a href=${link(row)}>${row.name}</a> <span class="id soft">${row.id}</span></th>
      <td>${row.family}</td><td>${shortly(row.preferences)}</td><td>${names.orders[row.order]}</td><td>${row.plans.join(", ") || names.everybody}</td>
      <td><${State} tone=${row.enabled ? "go" : "stop"}>${row.enabled ? names.enabled : names.disabled}<//></td></tr>`)}</tbody></table></div>`;
}

const shortly = (models) => (models.length > 2 ? `${models.slice(0, 2).join(", ")} +${models.length - 2}` : models.join(", "));
