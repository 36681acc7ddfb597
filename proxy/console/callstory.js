// One call as support tells it: what the user saw, what was found and decided, each attempt on one scale of time, what moved in
// the books. An administrator's answers hold raw cost; none of it is read here.
import { count, credits, exactly, span } from "./figures.js";
import { html, useEffect, useState } from "./html.js";
import { State, When } from "./parts.js";
import { TONES, tokensOf } from "./calls.js";
import { Waterfall } from "./waterfall.js";
import { words } from "./words.js";

const names = words.support;

export function CallStory({ call, kind, onChange }) {
  return html`<div class="page-part">
    <div class="row apart"><h2 class="id">${call.id}</h2>${kind === "admin" && html`<${GiveBack} call=${call} onDone=${onChange} />`}</div>
    <div class="columns after">
      <${Seen} call=${call} />
      <div class="stack"><${Found} precheck=${call.precheck} /><${Decided} decision=${call.decision} /></div>
    </div>
    <section><header><h2>${names.attempts}</h2></header><${Attempts} call=${call} /></section>
    <section><header><h2>${words.callPage.timeline}</h2></header>
      <${Waterfall} bars=${call.timeline.map((step) => ({ name: words.callPage.stages[step.stage], from: step.at_us, took: step.duration_us }))} /></section>
    <section><header><h2>${names.ledger}</h2></header><${Ledger} entries=${call.entries} /></section>
  </div>`;
}

/** What administrators alone can do here is loaded for them alone. */
function GiveBack({ call, onDone }) {
  const [Refund, setRefund] = useState(null);
  useEffect(() => { import("./refund.js").then((module) => setRefund(() => module.Refund), () => null); }, []);
  return Refund && html`<${Refund} call=${call} onDone=${onDone} plain=${false} />`;
}

function Seen({ call }) {
  const facts = words.callPage.facts;
  const rows = [
    [names.saw, html`<${State} tone=${TONES[call.status]}>${words.usage.status[call.status]}<//> ${names.sawLine(call.saw.http_status, call.saw.code)}`],
    [facts.at, exactly(call.at_ms)],
    [names.user, html`<a href="#/support/${encodeURIComponent(call.user_id)}">${call.user_id}</a>`],
    [names.app, call.app_id],
    [facts.asked, call.asked.join(", ")],
    [facts.model, [call.model, ...call.rescued_by].filter(Boolean).join(", ")],
    [facts.credits, `${credits(call.credits)}${Number(call.refunded) > 0 ? `, ${words.callPage.refunded(credits(call.refunded))}` : ""}`],
    [facts.tokens, call.tokens && words.callPage.tokens(call.tokens)],
    [facts.took, words.callPage.took(span(call.duration_ms), call.ttft_ms && span(call.ttft_ms))],
    [facts.request, html`<span class="id">${call.request_id}</span>`],
  ];
  return html`<dl class="facts">${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd dir="auto">${value}</dd>`)}</dl>`;
}

function Found({ precheck }) {
  return precheck && html`<div><h3>${names.precheck}</h3><p>${names.found(precheck)}</p></div>`;
}

function Decided({ decision }) {
  if (!decision) return html`<div><h3>${names.decision}</h3><p>${names.noDecision}</p></div>`;
  const listed = (title, rows) => rows.length > 0 && html`<div><h3>${title}</h3><ol>${rows.map(({ model, reason }) => html`
    <li key=${model}><span class="id">${model}</span> <span class="soft">${reason.why}</span></li>`)}</ol></div>`;
  return html`<div><h3>${names.decision}</h3><p class="soft">${names.decided(decision)}</p></div>
    ${listed(names.chain, decision.chain)}${listed(names.dropped, decision.dropped)}`;
}

function Attempts({ call }) {
  const { attempts } = call;
  if (!attempts.length) return html`<p class="soft">${words.callPage.noAttempts}</p>`;
  const bars = attempts.map((attempt) => ({
    name: `${attempt.number}. ${attempt.model}`,
    from: Math.max(0, (attempt.started_at_ms - call.at_ms) * 1_000),
    took: (attempt.ended_at_ms - attempt.started_at_ms) * 1_000,
    tone: attempt.fault ? "stop" : "go",
  }));
  const heads = names.attempt;
  return html`<${Waterfall} bars=${bars} />
    <div class="scroll after" tabindex="0" role="region" aria-label=${names.attempts}><table>
      <thead><tr><th scope="col">${heads.number}</th><th scope="col">${heads.model}</th><th scope="col">${heads.outcome}</th><th scope="col">${heads.provider}</th>
        <th scope="col">${heads.time}</th><th scope="col" class="number">${heads.tokens}</th><th scope="col" class="number">${heads.credits}</th></tr></thead>
      <tbody>${attempts.map((attempt) => html`<tr key=${attempt.number}><td>${attempt.number}</td><td>${attempt.model}</td>
        <td><${State} tone=${attempt.fault ? "stop" : "go"}>${attempt.fault ?? names.answered}<//></td>
        <td>${[attempt.provider_status, attempt.provider_code, attempt.provider_request_id].filter(Boolean).join(" ") || words.none}</td>
        <td>${span(attempt.started_at_ms - call.at_ms)}${attempt.first_byte_at_ms && html`, <span class="soft">${names.firstAt(span(attempt.first_byte_at_ms - attempt.started_at_ms))}</span>`}</td>
        <td class="number">${attempt.tokens ? count(tokensOf(attempt.tokens)) : words.none}</td><td class="number">${credits(attempt.credits)}</td></tr>`)}</tbody></table></div>`;
}

function Ledger({ entries }) {
  const lines = entries.flatMap((entry) => entry.lines.filter(({ unit }) => unit === "credits").map((line) => ({ entry, line })));
  if (!lines.length) return html`<p class="soft">${names.noLedger}</p>`;
  const heads = names.line;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.ledger}><table>
    <thead><tr><th scope="col">${heads.at}</th><th scope="col">${heads.kind}</th><th scope="col">${heads.counter}</th><th scope="col" class="number">${heads.spent}</th><th scope="col" class="number">${heads.held}</th></tr></thead>
    <tbody>${lines.map(({ entry, line }) => html`<tr><td><${When} ms=${entry.at_ms} /></td><td>${entry.kind}</td><td>${line.scope} ${line.counter} <span class="soft">${line.epoch}</span></td>
      <td class="number">${line.spent}</td><td class="number">${line.held}</td></tr>`)}</tbody></table></div>`;
}
