// The last day of models as strips of half hours, and each turn of a breaker with its reason.
import { read } from "./api.js";
import { count, momentOf, share } from "./figures.js";
import { html, useEffect } from "./html.js";
import { history as names, words } from "./words.js";
import { Rest, usePages } from "./pager.js";
import { Empty, Loaded, State, When, useAgainEvery, useLoaded } from "./parts.js";

const TONES = { closed: "go", half_open: "caution", open: "stop" };
const WELL_FROM = 0.99;
const AGAIN_EVERY_MS = 5_000;
const sum = (values) => values.reduce((all, value) => all + value, 0);

export function HealthDay() {
  const day = useLoaded(() => read("/api/admin/health/history", { limit: 1 }), []);
  const turns = usePages("/api/admin/health/history", {}, { rows: "turns" });
  const newest = day.value?.turns[0]?.at_ms;
  useAgainEvery(day, AGAIN_EVERY_MS);
  // A turn that is not listed yet: the list begins anew, once what was asked for before has come.
  const unlisted = newest > (turns.rows[0]?.at_ms ?? 0) && !turns.loading && !turns.error;
  useEffect(() => { if (unlisted) turns.again(); }, [unlisted]);
  return html`<section aria-labelledby="day"><header><h2 id="day">${names.day}</h2><span class="soft small">${names.lead}</span></header>
    <${Loaded} of=${day}>${(found) => (found.strips.length ? html`<${Strips} ...${found} />` : html`<${Empty} title=${names.noDay} />`)}<//></section>
    <${Turns} list=${turns} />`;
}

function Strips({ strips, from_ms: from, slot_ms: slot }) {
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.day}><table>
    <thead><tr><th scope="col">${names.model}</th><th scope="col">${names.strip}</th><th scope="col" class="number">${names.answered}</th></tr></thead>
    <tbody>${strips.map((strip) => html`<tr key=${strip.provider + strip.model}><th scope="row" class="named">${strip.model}</th>
      <td class="wide"><${Strip} strip=${strip} from=${from} slot=${slot} /></td>
      <td class="number">${names.share(share(sum(strip.attempts) - sum(strip.faults), sum(strip.attempts)), sum(strip.attempts))}</td></tr>`)}</tbody></table></div>`;
}

function Strip({ strip, from, slot }) {
  const told = (place) => names.slot(momentOf(from + place * slot), strip.attempts[place], strip.faults[place]);
  const tone = (place) => {
    const [attempts, faults] = [strip.attempts[place], strip.faults[place]];
    if (!attempts) return "";
    return faults === attempts ? "stop" : 1 - faults / attempts >= WELL_FROM ? "go" : "caution";
  };
  return html`<span class="strip" role="img" aria-label=${`${count(sum(strip.faults))} / ${count(sum(strip.attempts))}`}>${strip.attempts.map((_, place) => html`
    <i key=${place} class=${tone(place)} title=${told(place)}></i>`)}</span>`;
}

function Turns({ list }) {
  const heads = names.turn;
  return html`<section aria-labelledby="turns"><header><h2 id="turns">${names.turns}</h2></header>
    ${list.rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${names.turns}><table>
      <thead><tr><th scope="col">${heads.at}</th><th scope="col">${heads.what}</th><th scope="col">${heads.phase}</th><th scope="col">${heads.why}</th></tr></thead>
      <tbody>${list.rows.map((turn) => html`<tr key=${turn.at_ms + turn.id}><td><${When} ms=${turn.at_ms} /></td><td>${turn.id}</td>
        <td><${State} tone=${TONES[turn.phase]}>${words.health.phase[turn.phase]}<//></td><td>${turn.why ?? words.none}</td></tr>`)}</tbody></table></div>`}
    <${Rest} list=${list} empty=${!list.rows.length} title=${names.noTurns} then=${names.noTurnsThen} more=${names.older} /></section>`;
}
