// Who misuses the gateway, as it saw it: scores and what they led to, and who rests now; rests are lifted on a user's page.
import { read } from "./api.js";
import { count } from "./figures.js";
import { html } from "./html.js";
import { misuse as names } from "./words.js";
import { Rest, usePages } from "./pager.js";
import { Empty, Loaded, State, useLoaded, When } from "./parts.js";

const PATH = "/api/admin/abuse";
const TONES = { none: "", slow: "caution", cool_off: "stop", alert: "stop" };

export function Misuse() {
  const found = useLoaded(() => read(PATH, { limit: 1 }), []);
  const resting = usePages(PATH, {}, { cursor: "after", rows: "cooling" });
  const heads = names.heads;
  return html`<div class="page">
    <header><p><a href="#/users">${names.back}</a></p><h1>${names.title}</h1><p>${names.lead} <a href="#/policy">${names.rules}</a></p></header>
    <section aria-labelledby="seen"><header><h2 id="seen">${names.seen}</h2></header>
      <${Loaded} of=${found}>${({ suspects }) => (suspects.length ? html`<div class="scroll" tabindex="0" role="region" aria-label=${names.seen}><table>
        <thead><tr><th scope="col">${heads.who}</th><th scope="col">${heads.step}</th><th scope="col" class="number">${heads.score}</th><th scope="col">${heads.offences}</th><th scope="col">${heads.last}</th></tr></thead>
        <tbody>${suspects.map(({ scope, id, conduct }) => html`<tr key=${`${scope} ${id}`}><th scope="row" class="named" dir="auto"><span class="soft">${names.scopes[scope]}</span> <${Who} scope=${scope} id=${id} /></th>
          <td><${State} tone=${TONES[conduct.step]}>${names.steps[conduct.step]}<//></td><td class="number">${conduct.score}</td>
          <td>${Object.entries(conduct.offences).filter(([, n]) => n > 0).map(([name, n]) => names.offences[name](count(n))).join(", ")}</td><td><${When} ms=${conduct.last_at_ms} /></td></tr>`)}</tbody></table></div>`
        : html`<${Empty} title=${names.nobody}>${names.nobodyThen}<//>`)}<//></section>
    <section aria-labelledby="rest"><header><h2 id="rest">${names.resting}</h2></header><p class="soft">${names.restingLead}</p>
      ${resting.rows.length > 0 && html`<div class="scroll after" tabindex="0" role="region" aria-label=${names.resting}><table class="snug">
        <thead><tr><th scope="col">${heads.user}</th><th scope="col">${heads.until}</th></tr></thead>
        <tbody>${resting.rows.map((row) => html`<tr key=${row.user_id}><th scope="row" class="named" dir="auto"><${Who} scope="user" id=${row.user_id} /></th><td><${When} ms=${row.until_ms} /></td></tr>`)}</tbody></table></div>`}
      <div class="after"><${Rest} list=${resting} empty=${!resting.rows.length} title=${names.noRest} then=${names.noRestThen} /></div></section>
  </div>`;
}

function Who({ scope, id }) {
  const pages = { user: "users", app: "apps" };
  return pages[scope] ? html`<a href=${`#/${pages[scope]}/${encodeURIComponent(id)}`}>${id}</a>` : id;
}
