// Calls, one's own or for those who look after others', page by page, with what each came to; filters are the API's own, and all that they find can be saved.
import { useCallsFile } from "./callsfile.js";
import { count, credits, span } from "./figures.js";
import { html, useState } from "./html.js";
import { lists, words } from "./words.js";
import { Rest, usePages } from "./pager.js";
import { State, When } from "./parts.js";

const DAY_MS = 86_400_000;
const OWN = "/api/calls";
export const TONES = { served: "go", running: "", cut: "caution", left: "", refused: "caution", failed: "stop", crashed: "stop" };

/** `of` are whose calls, as the API names them; `who` says each time who asked. */
export function Calls({ path = OWN, of = {}, link = ownPage, who = false }) {
  const [status, setStatus] = useState("");
  const [prechecks, setPrechecks] = useState(false);
  const [model, setModel] = useState("");
  const [from, setFrom] = useState("");
  const [last, setLast] = useState("");
  const query = { ...of, status, model, from, until: last && dayAfter(last), kind: prechecks ? "" : "model" };
  const list = usePages(path, query);
  const file = useCallsFile(path, query, path === OWN ? COLUMNS : [...COLUMNS, "user"], cellsOf);
  const shown = list.rows;
  const asks = Boolean(status || model || from || last);
  return html`<section aria-labelledby="calls">
    <header><h2 id="calls">${words.usage.calls}</h2>${shown.length > 0 && file.toggle}</header>
    <div class="row sift small">
      <select aria-label=${words.usage.outcome} value=${status} onChange=${(event) => setStatus(event.target.value)}>
        <option value="">${words.usage.any}</option>
        ${Object.entries(words.usage.status).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select>
      <input type="search" class="short" aria-label=${words.usage.call.model} placeholder=${words.usage.call.model} maxlength="200"
        onChange=${(event) => setModel(event.target.value.trim())} />
      <label class="row">${lists.from} <input type="date" onChange=${(event) => setFrom(event.target.value)} /></label>
      <label class="row">${lists.until} <input type="date" onChange=${(event) => setLast(event.target.value)} /></label>
      <label class="row"><input type="checkbox" checked=${prechecks} onChange=${() => setPrechecks(!prechecks)} /> ${words.usage.prechecks}</label></div>
    ${file.told}
    ${shown.length > 0 && html`<${CallTable} calls=${shown} link=${link} who=${who} />`}
    <${Rest} list=${list} empty=${!shown.length} title=${asks ? lists.nothing : words.usage.noCalls} then=${!asks && path === OWN && words.usage.noCallsThen} more=${words.usage.older} />
  </section>`;
}

export function CallTable({ calls, link, who }) {
  const names = words.usage.call;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${words.usage.calls}><table>
    <thead><tr><th scope="col">${names.at}</th>${who && html`<th scope="col">${words.support.user}</th>`}<th scope="col" class="roomy">${names.asked}</th><th scope="col">${names.model}</th>
      <th scope="col">${names.state}</th><th scope="col" class="number">${names.tokens}</th><th scope="col" class="number">${names.credits}</th><th scope="col" class="number">${names.took}</th></tr></thead>
    <tbody>${calls.map((call) => html`<tr key=${call.id}>
      <td><a href=${link(call)}><${When} ms=${call.at_ms} /></a></td>${who && html`<td><a class="id" href="#/support/${encodeURIComponent(call.user_id)}">${call.user_id}</a></td>`}
      <td dir="auto" class="roomy">${call.asked.join(", ")}</td>
      <td>${call.model ?? words.none}${call.rescued_by.length > 0 && html` <span class="soft">${words.chat.rescued(call.rescued_by.join(", "))}</span>`}
        ${call.model && call.reason && html`<br /><span class="soft">${words.reasons[call.reason] ?? call.reason}</span>`}</td>
      <td><${State} tone=${TONES[call.status]}>${words.usage.status[call.status]}<//>${call.code && html`<br /><span class="id soft">${call.code}</span>`}</td>
      <td class="number">${call.tokens ? count(tokensOf(call.tokens)) : words.none}</td>
      <td class="number">${credits(call.credits)}</td><td class="number">${span(call.duration_ms)}</td></tr>`)}</tbody></table></div>`;
}

export const tokensOf = (tokens) => tokens.input + tokens.cached_input + tokens.cache_write + tokens.output + tokens.reasoning;

const ownPage = (call) => `#/usage/${call.id}`;

/** The edge of a day that counts whole. */
const dayAfter = (day) => new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);

const COLUMNS = ["at", "call", "kind", "asked", "model", "assistant", "reason", "status", "code", "tokens", "credits", "duration_ms"];
const cellsOf = (call) => [
  new Date(call.at_ms).toISOString(), call.id, call.kind, call.asked.join(" "), call.model, call.assistant, call.reason, call.status, call.code,
  call.tokens ? tokensOf(call.tokens) : "", call.credits, call.duration_ms, ...(call.user_id ? [call.user_id] : []),
];
