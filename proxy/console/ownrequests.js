// What a user has asked for beyond the plan, and what was answered.
import { AskFor } from "./askfor.js";
import { html, useState } from "./html.js";
import { Rest, usePages } from "./pager.js";
import { State, When } from "./parts.js";
import { words } from "./words.js";

export const REQUEST_TONES = { open: "", approved: "go", denied: "stop" };

export function OwnRequests({ onSent }) {
  const list = usePages("/api/plan-requests", {});
  const [asking, setAsking] = useState(false);
  const sent = () => { list.again(); onSent(); };
  const names = words.usage.request;
  return html`<section aria-labelledby="requests">
    <header><h2 id="requests">${words.usage.requests}</h2><button type="button" onClick=${() => setAsking(true)}>${words.usage.askMore}</button></header>
    ${list.rows.length > 0 && html`<div class="scroll" tabindex="0" role="region" aria-label=${words.usage.requests}><table>
      <thead><tr><th scope="col">${names.at}</th><th scope="col">${names.what}</th><th scope="col">${names.state}</th><th scope="col">${names.answer}</th></tr></thead>
      <tbody>${list.rows.map((request) => html`<tr key=${request.id}><td><${When} ms=${request.created_at_ms} /></td>
        <td dir="auto">${words.inbox.subject[request.subject]} ${request.target}</td>
        <td><${State} tone=${REQUEST_TONES[request.status]}>${words.usage.requestState[request.status]}<//></td>
        <td dir="auto">${request.answer ?? words.none}</td></tr>`)}</tbody></table></div>`}
    <${Rest} list=${list} empty=${!list.rows.length} title=${words.usage.noRequests} then=${words.usage.noRequestsThen} />
    ${asking && html`<${AskFor} target=${{ credits: true }} onClose=${() => setAsking(false)} onSent=${sent} />`}
  </section>`;
}
