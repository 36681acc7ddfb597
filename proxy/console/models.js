// The models: a list of what can be called at which price and who uses it, and which fields a new one has; the page of one stands
// in a file of its own.
import { read } from "./api.js";
import { count } from "./figures.js";
import { html, useState } from "./html.js";
import { Empty, Loaded, State, useLoaded } from "./parts.js";
import { CatalogNav, Done } from "./deskparts.js";
import { FRESH, head, priced, pricesOf, propertiesOf } from "./modelfields.js";
import { ModelPage } from "./modelpage.js";
import { RowPages } from "./rowpages.js";
import { stageField, staged } from "./visibility.js";
import { desk, models as made } from "./words.js";

const names = desk.models;

const WHAT = {
  page: "models", path: "/api/admin/models", kind: "model", names: made, tries: true, fresh: FRESH, List, One: ModelPage,
  beside: () => Promise.all([read("/api/admin/providers"), read("/api/admin/plans")]),
  fields: (row, [providers, plans]) => [...propertiesOf(row, providers.data), head("price"), ...pricesOf(row), head("seen"), stageField(plans.data)],
  shape: (row) => staged.shape(priced.shape(row)),
  // Of a new model all is said: what it was like is no row of its own.
  made: ({ stage, ...changed }) => ({ ...priced.made(changed, {}), ...stage }),
};

export const Models = ({ place }) => html`<${RowPages} what=${WHAT} place=${place} />`;

function List({ gone }) {
  const list = useLoaded(() => Promise.all([read("/api/admin/models"), read("/api/admin/model-use"), read("/api/admin/providers")]), []);
  const [text, setText] = useState("");
  return html`<div class="page">
    <${CatalogNav} page="models" />
    <header><h1>${names.title}</h1><p>${names.lead}</p></header>
    ${gone && html`<${Done}>${made.removed}<//>`}
    <${Loaded} of=${list}>${([models, use, providers]) => {
      const create = html`<a class="button" href="#/models/new">${made.create}</a>`;
      if (!models.data.length) return html`<${Empty} title=${names.nothing}>${names.nothingThen}<//><p class="acts">${create}</p>`;
      const used = new Map(use.data.map((row) => [row.model, row]));
      const rows = models.data.filter((row) => fits(row, text)).sort((one, other) => Number(other.active) - Number(one.active) || callsOf(used, other) - callsOf(used, one));
      return html`<div class="filters"><label class="field"><span>${names.search}</span><input type="search" value=${text} onInput=${(event) => setText(event.target.value)} /></label>${create}</div>
        ${rows.length ? html`<${Table} rows=${rows} used=${used} providers=${new Map(providers.data.map((row) => [row.id, row]))} />` : html`<${Empty} title=${desk.nothingFits}>${desk.nothingFitsThen}<//>`}`;
    }}<//>
  </div>`;
}

function Table({ rows, used, providers }) {
  const heads = names.heads;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.title}><table>
    <thead><tr>${[heads.model, heads.provider, heads.state].map((name) => html`<th scope="col" key=${name}>${name}</th>`)}${[heads.input, heads.output].map((name) => html`<th scope="col" class="number" key=${name}>${name}</th>`)}
      <th scope="col">${heads.seen}</th>${[heads.calls, heads.users].map((name) => html`<th scope="col" class="number" key=${name}>${name}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => { const use = used.get(row.id); return html`<tr key=${row.id}>
      <th scope="row" class="named"><a href=${`#/models/${encodeURIComponent(row.id)}`}>${row.id}</a>${row.name && html` <span class="soft" dir="auto">${row.name}</span>`}</th>
      <td dir="auto">${providers.get(providerOf(row))?.name ?? providerOf(row)}</td><td><${Standing} row=${row} provider=${providers.get(providerOf(row))} /></td>
      <td class="number">${row.prices?.input ?? desk.none}</td><td class="number">${row.prices?.output ?? row.prices?.image ?? desk.none}</td>
      <td>${seenBy(row)}</td><td class="number">${use ? count(use.calls) : desk.none}</td><td class="number">${use ? usersOf(use) : desk.none}</td></tr>`; })}</tbody></table></div>`;
}

function Standing({ row, provider }) {
  if (!row.active) return html`<${State} tone="stop">${row.prices || row.images.length ? names.withheld : names.unpriced}<//>`;
  if (provider?.status === "disabled") return html`<${State} tone="caution">${names.providerOff}<//>`;
  return html`<${State} tone="go">${names.active}<//>`;
}

const fits = (row, text) => [row.id, row.name ?? "", row.family, ...row.tags].some((part) => part.toLowerCase().includes(text.trim().toLowerCase()));
const callsOf = (used, row) => used.get(row.id)?.calls ?? 0;
const usersOf = (use) => (use.users_since_ms ? names.atLeast(use.users) : use.users ? count(use.users) : desk.none);
const providerOf = (row) => row.provider ?? row.id.split("/", 1)[0];

function seenBy(row) {
  if (row.hidden) return names.seen.admins;
  return row.plans.length ? names.seen.plans(row.plans) : names.seen.all;
}
