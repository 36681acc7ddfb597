// Apps: their list, and what of one may be changed: the plan of its users, what they may spend together, how many a day it takes on.
import { ask, read } from "./api.js";
import { count } from "./figures.js";
import { html, useState } from "./html.js";
import { Rest, usePages } from "./pager.js";
import { State } from "./parts.js";
import { Change } from "./deskparts.js";
import { linkTo, RowPages } from "./rowpages.js";
import { apps as names, desk } from "./words.js";

const field = (name, type, more = {}) => ({ name, type, label: names.fields[name], note: names.notes[name], ...more });

const WHAT = {
  page: "apps", path: "/api/admin/apps", names, List, Above,
  beside: () => Promise.all([read("/api/admin/plans"), read("/api/admin/catalog")]),
  fields: (_, [{ data }]) => {
    const plans = Object.fromEntries([...data].sort((one, other) => one.rank - other.rank).map(({ id, name }) => [id, name]));
    return [
      field("name", "text"), field("default_plan_id", "choice", { choices: plans }), field("plans", "checks", { choices: plans }), field("enrols_daily_max", "number"),
      field("caps", "rows", { broad: true, columns: [{ name: "window", label: names.capHeads.window, choices: desk.plans.windows }, { name: "credits", label: names.capHeads.credits, narrow: true }] }),
      field("reads_body_user", "flag", { broad: true }),
    ];
  },
  once: [field("user_id", "text", { optional: true })],
  fresh: { default_plan_id: null, plans: [], caps: [{ window: "month", credits: "1000" }], enrols_daily_max: 1_000, reads_body_user: false, user_id: null },
};

export const Apps = ({ place }) => html`<${RowPages} what=${WHAT} place=${place} />`;

function List({ what }) {
  const list = usePages(what.path, {}, { cursor: "after" });
  const heads = names.heads;
  return html`<div class="page">
    <header><h1>${names.title}</h1><p>${names.lead}</p></header>
    <p class="acts ahead"><a class="button" href="#/apps/new">${names.create}</a></p>
    ${list.rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${names.title}><table>
      <thead><tr><th scope="col">${heads.name}</th><th scope="col">${heads.plan}</th><th scope="col">${heads.caps}</th><th scope="col" class="number">${heads.enrols}</th><th scope="col">${heads.state}</th></tr></thead>
      <tbody>${list.rows.map((row) => html`<tr key=${row.id}><th scope="row" class="named" dir="auto"><a href=${linkTo(what, row.id)}>${row.name}</a> <span class="id soft">${row.id}</span></th>
        <td>${row.default_plan_id}</td><td>${row.caps.map(names.cap).join(", ") || desk.none}</td><td class="number">${count(row.enrols_daily_max)}</td><td><${Standing} row=${row} /></td></tr>`)}</tbody></table></div>`}
    <${Rest} list=${list} empty=${!list.rows.length} title=${names.nothing} then=${names.nothingThen} more=${names.more} />
  </div>`;
}

function Standing({ row }) {
  if (row.suspended) return html`<${State} tone="stop">${names.state.suspended}<//>`;
  return row.caps.length ? html`<${State} tone="go">${names.state.live}<//>` : html`<${State} tone="caution">${names.state.capless}<//>`;
}

/** Where its users, keys and account are, and whether it may call. */
function Above({ id, row, path, beside, onSaved }) {
  const [asking, setAsking] = useState(false);
  const word = row.suspended ? names.resume : names.suspend;
  const act = ({ reason }) => read(path).then(({ version_tag: ifMatch }) => ask("PATCH", path, { ifMatch, body: { suspended: !row.suspended, reason } }));
  const ceiling = beside[1].ceilings.find(({ scope }) => scope === `app:${id}`);
  const links = { account: `#/users/${encodeURIComponent(row.user_id)}`, users: `#/users?app=${encodeURIComponent(id)}`, keys: `#/keys?app=${encodeURIComponent(id)}` };
  return html`<div class="stack tight"><p class="row airy"><${Standing} row=${row} />${Object.entries(links).map(([name, to]) => html`<a key=${name} href=${to}>${names.links[name]}</a>`)}</p>
      ${ceiling && html`<p class="soft">${names.ceiling(ceiling.dollars_per_day, ceiling.file)}</p>`}
      <p class="acts"><button type="button" class=${row.suspended ? "first" : "danger"} onClick=${() => setAsking(true)}>${word}</button></p></div>
    ${asking && html`<${Change} title=${`${word}: ${row.name}`} lead=${row.suspended ? names.resumes : names.suspends} button=${word} danger=${!row.suspended} act=${act} onDone=${(now) => { setAsking(false); onSaved(now); }} onClose=${() => setAsking(false)} />`}`;
}
