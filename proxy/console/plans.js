// Plans: their list, and which fields of one may be changed.
import { count } from "./figures.js";
import { html } from "./html.js";
import { keyed } from "./fields.js";
import { RowPages } from "./rowpages.js";
import { desk } from "./words.js";

const names = desk.plans;
const field = (name, type, more = {}) => ({ name, type, label: names.fields[name], note: names.notes[name], ...more });
const columns = (heads, more = {}) => Object.entries(heads).map(([name, label]) => ({ name, label, narrow: true, ...more[name] }));

const WHAT = {
  page: "plans", path: "/api/admin/plans", kind: "plan", names, Table,
  fields: [
    field("name", "text"), field("rank", "number"), field("multiplier", "text", { decimal: true }), field("mode", "choice", { choices: names.modes }),
    field("context_tokens_max", "number"), field("output_tokens_default", "number"), field("concurrency_max", "number"), field("n_max", "number"),
    field("models", "lines", { broad: true }),
    field("allowances", "rows", { broad: true, columns: columns(names.allowanceHeads, { window: { choices: names.windows } }) }),
    field("rates", "rows", { broad: true, columns: columns(names.rateHeads, { key: { choices: names.rateClasses }, requests: { whole: true }, period_s: { whole: true } }), ...keyed.nested }),
    field("family_multipliers", "rows", { broad: true, columns: columns(names.familyHeads), ...keyed.plain }),
    field("credit_prices", "rows", { wide: true, columns: columns(names.priceHeads), ...keyed.nested }),
    field("rescue", "flag"),
  ],
  fresh: {
    rank: 0, multiplier: "1", mode: null, context_tokens_max: 128_000, output_tokens_default: 4_096, concurrency_max: 4, n_max: 1,
    models: [], allowances: [{ window: "month", credits: "1000", family: null }], rates: {}, family_multipliers: {}, credit_prices: {}, rescue: true,
  },
};

export const Plans = ({ place }) => html`<${RowPages} what=${WHAT} place=${place} />`;

function Table({ rows, link }) {
  const heads = names.heads;
  const sorted = [...rows].sort((one, other) => one.rank - other.rank);
  const number = (name) => html`<th scope="col" class="number">${name}</th>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.title}><table>
    <thead><tr><th scope="col">${heads.name}</th>${number(heads.rank)}<th scope="col">${heads.models}</th><th scope="col">${heads.credits}</th>${[heads.multiplier, heads.context, heads.concurrency].map(number)}</tr></thead>
    <tbody>${sorted.map((row) => html`<tr key=${row.id}><th scope="row" class="named" dir="auto"><a href=${link(row)}>${row.name}</a> <span class="id soft">${row.id}</span></th>
      <td class="number">${row.rank}</td><td>${shortly(row.models)}</td><td>${names.included(row.allowances) || desk.none}</td>
      <td class="number">${row.multiplier}</td><td class="number">${count(row.context_tokens_max)}</td><td class="number">${row.concurrency_max}</td></tr>`)}</tbody></table></div>`;
}

const shortly = (models) => (models.length > 3 ? `${models.slice(0, 3).join(", ")} +${models.length - 3}` : models.join(", "));
