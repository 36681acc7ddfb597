// One model for administrators: whether it may be called, who sees it, what it costs and who uses it, each changed with a reason.
import { ask, read } from "./api.js";
import { count, credits, momentOf } from "./figures.js";
import { html, useState } from "./html.js";
import { Empty, Loaded, State, useLoaded } from "./parts.js";
import { CatalogNav, Change, Done } from "./deskparts.js";
import { Editor } from "./editor.js";
import { pricesOf, priced, propertiesOf } from "./modelfields.js";
import { Preview } from "./preview.js";
import { RowActs } from "./rowpages.js";
import { Visibility } from "./visibility.js";
import { desk, models as made } from "./words.js";

const names = desk.models;
const DAYS = 30;

export function ModelPage({ what, id, told: first }) {
  const path = `/api/admin/models/${encodeURIComponent(id)}`;
  const [now, setNow] = useState(null);
  const [told, setTold] = useState(first);
  const found = useLoaded(() => Promise.all([read(path).catch(absent), read("/api/admin/providers")]), [id]);
  const changed = (row) => { setNow(row); setTold(desk.saved); };
  return html`<div class="page">
    <${CatalogNav} page="models" />
    <header><p><a href="#/models">${desk.back(names.title.toLowerCase())}</a></p><h1 dir="auto">${(now ?? found.value?.[0])?.name ?? id} <span class="id">${id}</span></h1></header>
    <${Loaded} of=${found}>${([read, providers]) => {
      const row = now ?? read;
      if (row.gone) return html`<${Empty} title=${names.missing(id)}>${names.missingThen}<//>`;
      return html`${told && html`<${Done}>${told}<//>`}
        <div class="columns after"><${Facts} row=${row} /><${Callable} row=${row} path=${path} onDone=${changed} /></div>
        <section aria-labelledby="seen"><header><h2 id="seen">${names.visibility}</h2></header><p class="soft">${names.visibilityLead}</p><${Visibility} row=${row} path=${path} onSaved=${changed} /></section>
        <section aria-labelledby="price"><header><h2 id="price">${names.price}</h2></header><p class="soft">${names.priceLead}</p>
          <${Editor} kind="model" path=${path} row=${row} fields=${pricesOf(row)} onSaved=${changed} label=${names.price} shape=${priced.shape} made=${priced.made} /></section>
        <${Use} id=${id} />
        <section aria-labelledby="all"><header><h2 id="all">${made.all}</h2></header><p class="soft">${made.allLead}</p>
          <${Editor} key=${row.kind} kind="model" path=${path} row=${row} fields=${propertiesOf(row, providers.data)} onSaved=${changed} label=${made.all} /></section>
        <${RowActs} what=${what} id=${id} row=${row} path=${path}><${Preview} patches=${[{ kind: "model", id, fields: { active: false } }]} /><//>`;
    }}<//>
  </div>`;
}

function Facts({ row }) {
  const heads = names.facts;
  const lines = [
    [heads.provider, row.provider ?? row.id.split("/", 1)[0]], [heads.family, row.family], [heads.kind, row.kind], [heads.context, names.tokens(row.context_tokens_max)],
    [heads.output, row.output_tokens_max ? names.tokens(row.output_tokens_max) : desk.none], [heads.tags, row.tags.join(", ") || desk.none],
    [heads.file, row.file === null ? desk.made : differs(row) ? html`<a href="#/files">${desk.changedBy}</a>` : desk.fromFile],
  ];
  return html`<dl class="facts">${lines.map(([name, value]) => html`<dt>${name}</dt><dd dir="auto">${value}</dd>`)}</dl>`;
}

function Callable({ row, path, onDone }) {
  const [asking, setAsking] = useState(false);
  const act = ({ reason }) => ask("POST", `${path}/activate`, { body: { active: !row.active, reason } });
  const done = (now) => { setAsking(false); onDone(now); };
  const word = row.active ? names.withhold : names.activate;
  return html`<div class="stack tight"><p><${State} tone=${row.active ? "go" : "stop"}>${row.active ? names.active : names.withheld}<//></p>
    <p class="soft">${row.active ? names.stateOf.active : names.stateOf.withheld}</p>
    <p class="acts"><button type="button" class=${row.active ? "danger" : "first"} onClick=${() => setAsking(true)}>${word}</button></p>
    ${asking && html`<${Change} title=${`${word}: ${row.id}`} lead=${row.active ? names.withholds : names.activates} button=${word} danger=${row.active} act=${act} onDone=${done} onClose=${() => setAsking(false)}><${Preview} patches=${[{ kind: "model", id: row.id, fields: { active: !row.active } }]} /><//>`}</div>`;
}

function Use({ id }) {
  const found = useLoaded(() => read("/api/admin/model-use", { model: id }), [id]);
  return html`<section aria-labelledby="use"><header><h2 id="use">${names.use}</h2></header><${Loaded} of=${found}>${({ data: [use] }) => {
    if (!use) return html`<${Empty} title=${names.unused}>${names.unusedThen}<//>`;
    return html`<p>${names.used(use.calls, DAYS)}${use.users_since_ms && html` <span class="soft">${names.since(momentOf(use.users_since_ms))}</span>`}</p>
      <div class="scroll after" tabindex="0" role="region" aria-label=${names.use}><table class="snug"><thead><tr><th scope="col">${names.userHeads.user}</th><th scope="col" class="number">${names.userHeads.calls}</th><th scope="col" class="number">${names.userHeads.credits}</th></tr></thead>
        <tbody>${use.keenest.map((user) => html`<tr key=${user.user_id}><th scope="row" class="named"><a href=${`#/users/${encodeURIComponent(user.user_id)}`}>${user.user_id}</a></th><td class="number">${count(user.calls)}</td><td class="number">${credits(user.credits)}</td></tr>`)}</tbody></table></div>`;
  }}<//></section>`;
}

const differs = (row) => Object.keys(row.file).some((name) => JSON.stringify(row.file[name]) !== JSON.stringify(row[name]));

function absent(error) {
  if (error.status === 404) return { gone: true };
  throw error;
}
