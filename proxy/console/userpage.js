// One user for administrators: state, what is left, plan and exceptions, keys, calls; each with what can be changed about it.
import { ask, read } from "./api.js";
import { exactly, momentOf } from "./figures.js";
import { html, useState } from "./html.js";
import { Empty, Loaded, State, useLoaded } from "./parts.js";
import { Change, Done } from "./deskparts.js";
import { Bounds } from "./bounds.js";
import { KeySecret } from "./keyacts.js";
import { KeyTable } from "./allkeys.js";
import { NewKey } from "./newkey.js";
import { Refundable } from "./refund.js";
import { Left } from "./userleft.js";
import { Terms } from "./userplan.js";
import { desk, words } from "./words.js";

const names = desk.user;
const CALLS = 20;

export function UserPage({ id }) {
  const path = `/api/admin/users/${encodeURIComponent(id)}`;
  const [told, setTold] = useState("");
  const found = useLoaded(() => all(path, id), [id]);
  const changed = (said = desk.saved) => { setTold(said); found.again(); };
  return html`<div class="page">
    <${Loaded} of=${found}>${({ user, standing, entitlement, plans, keys, calls }) => {
      if (!user) return html`<header><h1>${desk.users.title}</h1></header><${Empty} title=${names.missing(id)}><a href="#/users">${names.all}</a><//>`;
      return html`<header><p><a href="#/users">${names.all}</a></p><h1 dir="auto">${user.name} <span class="id">${user.id}</span></h1></header>
        ${told && html`<${Done}>${told}<//>`}
        <div class="columns after"><${Facts} user=${user} /><${Standing} user=${user} path=${path} onDone=${changed} /></div>
        <${Left} path=${path} standing=${standing} onDone=${changed} />
        <${Terms} path=${path} entitlement=${entitlement} plans=${plans} onDone=${changed} />
        <${OwnKeys} user=${user} keys=${keys} onDone=${changed} />
        <section aria-labelledby="calls"><header><h2 id="calls">${names.calls}</h2><a href=${`#/support/${encodeURIComponent(id)}`}>${names.story}</a></header>
          ${calls.length ? html`<${Refundable} calls=${calls} onDone=${changed} />` : html`<${Empty} title=${names.noCalls}>${names.noCallsThen}<//>`}</section>`;
    }}<//>
  </div>`;
}

/** All that the page tells; what a user may lack (a plan that is offered) is null. */
async function all(path, id) {
  const user = await read(path).catch(lacking);
  if (!user) return {};
  const [standing, entitlement, plans, keys, calls] = await Promise.all([
    read(`${path}/standing`).catch(lacking), read(`${path}/entitlement`).catch(lacking), read("/api/admin/plans"),
    read("/api/admin/keys", { user: id, live: true, limit: 50 }), read("/api/admin/model-calls", { user: id, kind: "model", limit: CALLS }),
  ]);
  return { user, standing, entitlement, plans: plans.data, keys: keys.data, calls: calls.data };
}

function lacking(error) {
  if ([404, 409].includes(error.status)) return null;
  throw error;
}

function Facts({ user }) {
  const facts = names.facts;
  const { mode, avoid, only } = user.wishes;
  const says = desk.keys.bounds;
  const rows = [
    [facts.app, user.app_id && [user.app_id, user.external_id].filter(Boolean).join(" / ")], [facts.since, exactly(user.created_at_ms)], [facts.anchor, user.anchor_day],
    [facts.caps, user.caps.map(says.cap).join(", ")], [facts.wishes, [mode && says.mode(mode), avoid.length && says.avoid(avoid), only.length && says.only(only)].filter(Boolean).join("; ")],
    [facts.conduct, user.conduct && names.conduct(user.conduct)],
  ];
  return html`<dl class="facts">${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd dir="auto">${value}</dd>`)}</dl>`;
}

function Standing({ user, path, onDone }) {
  const [doing, setDoing] = useState("");
  const cooling = user.cooling_until_ms > Date.now();
  const tone = user.suspended ? "stop" : cooling ? "caution" : "go";
  const said = user.suspended ? words.support.suspended : cooling ? words.support.cooling(momentOf(user.cooling_until_ms)) : words.support.active;
  // Read anew, so that a change somebody else made meanwhile is not written over.
  const patch = (fields) => read(path).then(({ version_tag: ifMatch }) => ask("PATCH", path, { ifMatch, body: fields }));
  const acts = {
    ...(cooling && { lift: { word: names.lift, lead: names.lifts, act: ({ reason }) => patch({ reason, cooling_until_ms: null }) } }),
    bounds: { word: names.bounds },
    erase: { word: names.erase, lead: names.erases, danger: true, act: ({ reason }) => ask("POST", `${path}/erase-conversations`, { body: { reason } }), said: ({ erased }) => names.erased(erased) },
    suspend: { word: user.suspended ? names.resume : names.suspend, lead: user.suspended ? desk.users.resumes : desk.users.suspends, danger: !user.suspended, act: ({ reason }) => patch({ reason, suspended: !user.suspended }) },
  };
  return html`<div class="stack tight"><p><${State} tone=${tone}>${said}<//></p>
    <p class="acts">${Object.entries(acts).map(([name, { word, danger }]) => html`<button type="button" class=${danger ? "danger" : ""} key=${name} onClick=${() => setDoing(name)}>${word}</button>`)}</p>
    ${doing === "bounds" && html`<${Bounds} user=${user} patch=${patch} onDone=${() => { setDoing(""); onDone(); }} onClose=${() => setDoing("")} />`}
    ${acts[doing]?.act && html`<${Change} title=${`${acts[doing].word}: ${user.id}`} lead=${acts[doing].lead} button=${acts[doing].word} danger=${acts[doing].danger} act=${acts[doing].act} onDone=${(answer) => { setDoing(""); onDone(acts[doing].said?.(answer)); }} onClose=${() => setDoing("")} />`}</div>`;
}

function OwnKeys({ user, keys, onDone }) {
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState(null);
  const acted = (said, key) => { if (key) setMade(key); else onDone(said); };
  return html`<section aria-labelledby="keys"><header><h2 id="keys">${names.keys}</h2><a href=${`#/keys?user=${encodeURIComponent(user.id)}&ended=1`}>${names.allKeys}</a></header>
    ${keys.length ? html`<${KeyTable} rows=${keys} onActed=${acted} owned=${true} />` : html`<${Empty} title=${names.noKeys}>${names.noKeysThen}<//>`}
    <p class="acts"><button type="button" onClick=${() => setMaking(true)}>${desk.keys.create}</button></p>
    ${making && html`<${NewKey} userId=${user.id} onMade=${(key) => { setMaking(false); setMade(key); }} onClose=${() => setMaking(false)} />`}
    ${made && html`<${KeySecret} made=${made} onClose=${() => { setMade(null); onDone(); }} />`}</section>`;
}
