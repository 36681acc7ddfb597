// How the books stand: the last check of the whole ledger, ceilings, open holds, what was absorbed, alerts.
import { ask, read } from "./api.js";
import { credits, dollars, exactly, span } from "./figures.js";
import { html, useState } from "./html.js";
import { ClockNote } from "./clock.js";
import { budget as names, words } from "./words.js";
import { Rest, usePages } from "./pager.js";
import { Dialog, Empty, Gauge, Loaded, State, Trouble, When, useAgainEvery, useLoaded } from "./parts.js";

const AGAIN_EVERY_MS = 5_000;
const BUSY = ["asked", "running"];

export function Budget() {
  const books = useLoaded(() => Promise.all([read("/api/admin/budget"), read("/api/admin/clock")]), []);
  useAgainEvery(books, AGAIN_EVERY_MS);
  return html`<div class="page">
    <header><h1>${names.title}</h1><p>${names.lead}</p></header>
    <${Loaded} of=${books}>${([found, clock]) => html`
      ${clock.in_doubt && html`<${ClockNote} clock=${clock} onDone=${books.again} />`}
      <${Check} check=${found.check} onAsked=${books.again} />
      <${Ceilings} rows=${found.ceilings} />
      <${Holds} holds=${found.holds} />
      <section aria-labelledby="absorbed"><header><h2 id="absorbed">${names.absorbed}</h2></header><p class="soft">${names.absorbedLead}</p>
        <dl class="sums after"><div><dt>${names.today}</dt><dd>${names.credits(credits(found.absorbed.today))}</dd></div>
          <div><dt>${names.days30}</dt><dd>${names.credits(credits(found.absorbed.days30))}</dd></div></dl></section>`}<//>
    <${Alerts} />
  </div>`;
}

function Check({ check, onAsked }) {
  const [asking, setAsking] = useState(false);
  const busy = check && BUSY.includes(check.state);
  return html`<section aria-labelledby="check"><header><h2 id="check">${names.check}</h2>
      <button type="button" disabled=${busy} onClick=${() => setAsking(true)}>${names.again}</button></header>
    ${check ? html`<div aria-live="polite"><p><${State} tone=${names.tones[check.state]}>${names.state[check.state]}<//> ${names.says[check.state]}</p>
        <p class="small soft">${[exactly(check.asked_at_ms), names.asked(check.asked_by),
          check.ended_at_ms && names.took(span(check.ended_at_ms - check.began_at_ms))].filter(Boolean).join(" · ")}</p>
        ${check.lines.length > 0 && html`<div class="after"><h3>${check.state === "wrong" && names.differences(check.lines.length, check.wrong)}</h3>
          <ul class="small lines">${check.lines.map((line) => html`<li key=${line} dir="auto">${line}</li>`)}</ul></div>`}</div>`
      : html`<${Empty} title=${names.never}>${names.neverThen}<//>`}
    ${asking && html`<${AskCheck} onClose=${() => setAsking(false)} onAsked=${() => { setAsking(false); onAsked(); }} />`}
  </section>`;
}

function AskCheck({ onClose, onAsked }) {
  const [state, setState] = useState({ busy: false, error: null });
  const send = (event) => {
    event.preventDefault();
    const reason = new FormData(event.currentTarget).get("reason").trim();
    setState({ busy: true, error: null });
    ask("POST", "/api/admin/budget/verify", { body: { reason } }).then(onAsked, (error) => setState({ busy: false, error }));
  };
  return html`<${Dialog} title=${names.again} onClose=${onClose} busy=${state.busy}><form class="stack" onSubmit=${send}><p>${names.neverThen}</p>
    <label class="field"><span>${names.reason}</span><textarea name="reason" rows="2" required maxlength="500"></textarea></label>
    ${state.error && html`<${Trouble} error=${state.error} />`}
    <div class="row"><button class="first" disabled=${state.busy}>${names.again}</button></div></form><//>`;
}

/** `installation` or `provider:ID`, as a person says it. */
function scopeOf(scope) {
  const [kind, ...id] = scope.split(":");
  return id.length ? names.ofScope(kind, id.join(":")) : names.all;
}

function Ceilings({ rows }) {
  const heads = names.ceiling;
  return html`<section aria-labelledby="ceilings"><header><h2 id="ceilings">${names.ceilings}</h2><a class="small" href="#/files">${names.whence}</a></header>${rows.length === 0
    ? html`<${Empty} title=${names.noCeilings}>${names.noCeilingsThen}<//>`
    : html`<div class="scroll" tabindex="0" role="region" aria-label=${names.ceilings}><table>
      <thead><tr><th scope="col">${heads.scope}</th><th scope="col">${heads.window}</th><th scope="col"></th><th scope="col" class="number">${heads.spent}</th>
        <th scope="col" class="number">${heads.held}</th><th scope="col" class="number">${heads.limit}</th><th scope="col">${heads.resets}</th></tr></thead>
      <tbody>${rows.map((row) => html`<tr key=${row.scope + row.window}><th scope="row" class="named">${scopeOf(row.scope)}</th><td>${names.window[row.window]}</td>
        <td class="wide"><${Gauge} limit=${row.limit_nano_usd} spent=${row.spent_nano_usd} held=${row.held_nano_usd} label=${names.used(scopeOf(row.scope), names.window[row.window])} /></td>
        <td class="number">${dollars(row.spent_nano_usd)}</td><td class="number">${dollars(row.held_nano_usd)}</td><td class="number">${dollars(row.limit_nano_usd)}</td>
        <td>${row.resets_at_ms ? html`<${When} ms=${row.resets_at_ms} />` : words.none}</td></tr>`)}</tbody></table></div>`}</section>`;
}

function Holds({ holds }) {
  const heads = names.hold;
  return html`<section aria-labelledby="holds"><header><h2 id="holds">${names.holds}</h2></header>${holds.count === 0
    ? html`<p class="soft">${names.noHolds}</p>`
    : html`<p>${names.held(holds.count, credits(holds.credits), dollars(holds.raw_cost_nano_usd))} ${names.oldest}</p>
      <div class="scroll after" tabindex="0" role="region" aria-label=${names.holds}><table>
      <thead><tr><th scope="col">${heads.at}</th><th scope="col">${heads.call}</th><th scope="col">${heads.user}</th><th scope="col" class="number">${heads.credits}</th><th scope="col" class="number">${heads.cost}</th></tr></thead>
      <tbody>${holds.oldest.map((hold) => html`<tr key=${hold.call}><td><${When} ms=${hold.at_ms} /></td><td><a class="id" href="#/support/${encodeURIComponent(hold.call)}">${hold.call}</a></td>
        <td dir="auto"><a href="#/support/${encodeURIComponent(hold.user_id)}">${hold.user_id}</a></td><td class="number">${credits(hold.credits)}</td>
        <td class="number">${dollars(hold.raw_cost_nano_usd)}</td></tr>`)}</tbody></table></div>`}</section>`;
}

function Alerts() {
  const list = usePages("/api/admin/alerts", {});
  const heads = names.alert;
  const told = (facts) => Object.entries(facts).filter(([, value]) => value !== null).map(([name, value]) => `${name} ${value}`).join(", ");
  return html`<section aria-labelledby="alerts"><header><h2 id="alerts">${names.alerts}</h2></header>
    ${list.rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${names.alerts}><table>
      <thead><tr><th scope="col">${heads.at}</th><th scope="col">${heads.kind}</th><th scope="col">${heads.facts}</th></tr></thead>
      <tbody>${list.rows.map((alert) => html`<tr key=${alert.id}><td><${When} ms=${alert.at_ms} /></td><td>${names.kind[alert.kind] ?? alert.kind}</td>
        <td dir="auto">${told(alert.facts)}</td></tr>`)}</tbody></table></div>`}
    <${Rest} list=${list} empty=${!list.rows.length} title=${names.noAlerts} then=${names.noAlertsThen} more=${names.older} /></section>`;
}
