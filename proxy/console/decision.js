// Why a call went where it went, in its caller's words: the reasons, who stood by, who was ruled out, and each attempt.
import { span } from "./figures.js";
import { html } from "./html.js";
import { words } from "./words.js";

export function Decision({ call, link }) {
  const { decision, verdict, attempts } = call;
  const tried = new Set(attempts.map(({ model }) => model));
  const stood = decision?.then.filter((model) => !tried.has(model)) ?? [];
  return html`<div class="stack">
    <div>
      ${verdict && html`<p class="soft">${words.decision.found(verdict)}</p>`}
      ${decision?.why.map((line) => html`<p key=${line}>${line}</p>`)}
      ${call.why_charged && html`<p>${call.why_charged}</p>`}
    </div>
    ${attempts.length > 0 && html`<div><h3>${words.decision.tries}</h3><${Attempts} attempts=${attempts} /></div>`}
    ${stood.length > 0 && html`<div><h3>${words.decision.stood}</h3><p>${stood.join(", ")}</p></div>`}
    ${decision?.rejected.length > 0 && html`<div><h3>${words.decision.out}</h3>
      <ul>${decision.rejected.map(({ model, why }) => html`<li key=${model}><span class="id">${model}</span> <span class="soft">${why}</span></li>`)}</ul></div>`}
    ${link && html`<p><a href="#/usage/${call.id}">${words.decision.open}</a> <span class="id soft">${call.id}</span></p>`}
  </div>`;
}

export function Attempts({ attempts }) {
  return html`<ol>${attempts.map((attempt) => html`<li key=${attempt.number}>
    <span class="id">${attempt.model}</span> ${attempt.outcome} <span class="soft">${span(attempt.duration_ms)}</span></li>`)}</ol>`;
}
