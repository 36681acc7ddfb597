// A user's newest calls for administrators, each with the way to give back what it was charged, once.
import { ask } from "./api.js";
import { count, credits } from "./figures.js";
import { html, useState } from "./html.js";
import { State, When } from "./parts.js";
import { TONES, tokensOf } from "./calls.js";
import { Change } from "./deskparts.js";
import { desk, words } from "./words.js";

const names = desk.user;

export function Refundable({ calls, onDone }) {
  const heads = words.usage.call;
  const number = (name) => html`<th scope="col" class="number">${name}</th>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.calls}><table>
    <thead><tr><th scope="col">${heads.at}</th><th scope="col" class="roomy">${heads.asked}</th><th scope="col">${heads.model}</th><th scope="col">${heads.state}</th>${number(heads.tokens)}${number(heads.credits)}<th scope="col"><span class="hidden">${names.refund}</span></th></tr></thead>
    <tbody>${calls.map((call) => html`<tr key=${call.id}><td><a href=${`#/support/${call.id}`}><${When} ms=${call.at_ms} /></a></td><td dir="auto" class="roomy">${call.asked.join(", ")}</td><td>${call.model ?? desk.none}</td>
      <td><${State} tone=${TONES[call.status]}>${words.usage.status[call.status]}<//></td><td class="number">${call.tokens ? count(tokensOf(call.tokens)) : desk.none}</td><td class="number">${credits(call.credits)}</td>
      <td class="number"><${Refund} call=${call} onDone=${onDone} /></td></tr>`)}</tbody></table></div>`;
}

/** The button that refunds a call, or that it was. Nothing for a call that was charged nothing. */
export function Refund({ call, onDone, plain = true }) {
  const [asking, setAsking] = useState(false);
  if (Number(call.refunded) > 0) return html`<span class="soft">${names.refunded}</span>`;
  if (!(Number(call.credits) > 0) || call.status === "running") return null;
  const act = ({ reason }) => ask("POST", `/api/admin/model-calls/${call.id}/refund`, { body: { reason } });
  return html`<button type="button" class=${plain ? "plain" : ""} aria-label=${`${names.refund}: ${call.id}`} onClick=${() => setAsking(true)}>${names.refund}</button>
    ${asking && html`<${Change} title=${`${names.refund}: ${call.id}`} lead=${names.refunds(credits(call.credits))} button=${names.refund} danger=${true} act=${act}
      onDone=${() => { setAsking(false); onDone(); }} onClose=${() => setAsking(false)} />`}`;
}
