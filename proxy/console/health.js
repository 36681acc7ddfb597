// How providers and models fare now, as this gateway sees it: breakers, success, time to first token.
import { read } from "./api.js";
import { count, momentOf, span } from "./figures.js";
import { html } from "./html.js";
import { HealthDay } from "./healthday.js";
import { Loaded, State, When, useAgainEvery, useLoaded } from "./parts.js";
import { words } from "./words.js";

const AGAIN_EVERY_MS = 5_000;
const TONES = { closed: "go", half_open: "caution", open: "stop" };
const names = words.health;

export function Health() {
  const health = useLoaded(() => read("/api/admin/health"), []);
  useAgainEvery(health, AGAIN_EVERY_MS);
  return html`<div class="page">
    <header><h1>${names.title}</h1><p>${names.lead}</p></header>
    <${Loaded} of=${health}>${(found) => html`
      <section aria-labelledby="providers"><header><h2 id="providers">${names.providers}</h2></header><${Providers} rows=${found.providers} /></section>
      <section aria-labelledby="models"><header><h2 id="models">${names.models}</h2><span class="soft small">${names.revision} <span class="id">${found.catalog_revision}</span></span></header>
        <${Models} rows=${found.models} /></section>`}<//>
    <${HealthDay} />
  </div>`;
}

function Providers({ rows }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.providers}><table>
    <thead><tr><th scope="col">${names.provider}</th><th scope="col">${names.state}</th><th scope="col">${names.breaker}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}><th scope="row" class="named">${row.name} <span class="id soft">${row.id}</span></th>
      <td><${State} tone=${row.down ? "stop" : row.status === "active" ? "go" : ""}>${row.down ? names.down : names.status[row.status]}<//></td>
      <td><${Breaker} breaker=${row.breaker} /></td></tr>`)}</tbody></table></div>`;
}

function Models({ rows }) {
  const busy = rows.filter(isHeard).sort((one, other) => one.score - other.score || other.attempts - one.attempts);
  const idle = rows.filter((row) => !isHeard(row));
  return html`${busy.length > 0 ? html`<${ModelTable} rows=${busy} />` : html`<p class="soft">${names.noneHeard}</p>`}
    ${idle.length > 0 && html`<details class="idle small"><summary>${names.idle(idle.length)}</summary><${ModelTable} rows=${idle} /></details>`}`;
}

/** What nobody asked lately, and nothing is wrong with, is no news. */
const isHeard = (row) => row.attempts > 0 || row.heard_at_ms !== null || row.slow || row.breaker.phase !== "closed";

function ModelTable({ rows }) {
  const head = (name) => html`<th scope="col" class="number">${name}</th>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.models}><table>
    <thead><tr><th scope="col">${names.model}</th><th scope="col">${names.breaker}</th>${[names.score, names.success, names.attempts, names.ttft, names.speed].map(head)}<th scope="col">${names.heard}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}><th scope="row" class="named">${row.id}${!row.active && html` <span class="soft">${names.inactive}</span>`}</th>
      <td><${Breaker} breaker=${row.breaker} />${row.slow && html` <span class="soft">${names.slow}</span>`}</td>
      <td class="number">${row.score.toFixed(2)}</td><td class="number">${row.attempts > 0 ? `${Math.round(100 * row.success_share)} %` : words.none}</td>
      <td class="number">${row.attempts > 0 ? row.attempts.toFixed(1) : words.none}</td><td class="number">${row.ttft_ms === null ? words.none : span(row.ttft_ms)}</td>
      <td class="number">${row.tokens_per_s === null ? words.none : count(Math.round(row.tokens_per_s))}</td>
      <td>${row.heard_at_ms ? html`<${When} ms=${row.heard_at_ms} />` : words.none}</td></tr>`)}</tbody></table></div>`;
}

function Breaker({ breaker }) {
  const more = [breaker.why && (names.why[breaker.why] ?? breaker.why), breaker.retry_at_ms && names.retry(momentOf(breaker.retry_at_ms))].filter(Boolean);
  return html`<${State} tone=${TONES[breaker.phase]}>${names.phase[breaker.phase]}<//>${more.length > 0 && html` <span class="soft">${more.join(", ")}</span>`}`;
}
