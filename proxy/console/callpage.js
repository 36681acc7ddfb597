// One call of a user's own: what was asked for, what came of it, why, and how long each step took.
import { read } from "./api.js";
import { TONES } from "./calls.js";
import { credits, exactly, span } from "./figures.js";
import { html } from "./html.js";
import { Decision } from "./decision.js";
import { Loaded, State, useLoaded } from "./parts.js";
import { Waterfall } from "./waterfall.js";
import { words } from "./words.js";

export function CallPage({ id }) {
  const call = useLoaded(() => read(`/api/calls/${encodeURIComponent(id)}`), [id]);
  return html`<div class="page">
    <header><p><a href="#/usage">${words.usage.back}</a></p><h1>${words.callPage.title} <span class="id">${id}</span></h1></header>
    <${Loaded} of=${call}>${(found) => html`
      <div class="columns">
        <${Facts} call=${found} />
        <div><h2>${words.decision.title}</h2><${Decision} call=${found} /></div>
      </div>
      <section><header><h2>${words.callPage.timeline}</h2></header>
        <${Waterfall} bars=${found.timeline.map((step) => ({ name: words.callPage.stages[step.stage], from: step.at_us, took: step.duration_us }))} /></section>`}<//>
  </div>`;
}

function Facts({ call }) {
  const names = words.callPage.facts;
  const rows = [
    [names.at, exactly(call.at_ms)],
    [names.state, html`<${State} tone=${TONES[call.status]}>${words.usage.status[call.status]}<//> ${call.code ?? ""}`],
    [names.asked, call.asked.join(", ")],
    [names.assistant, call.assistant],
    [names.model, [call.model, ...call.rescued_by].filter(Boolean).join(", ")],
    [names.credits, `${credits(call.credits)}${Number(call.refunded) > 0 ? `, ${words.callPage.refunded(credits(call.refunded))}` : ""}`],
    [names.tokens, call.tokens && words.callPage.tokens(call.tokens)],
    [names.took, words.callPage.took(span(call.duration_ms), call.ttft_ms && span(call.ttft_ms))],
    [names.request, html`<span class="id">${call.request_id}</span>`],
  ];
  return html`<dl class="facts">${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd dir="auto">${value}</dd>`)}</dl>`;
}
