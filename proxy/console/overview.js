// What runs now and what the last days came to, for administrators; asks again by itself while it is looked at.
import { read } from "./api.js";
import { count, credits, dollars, share, span } from "./figures.js";
import { html, useEffect, useState } from "./html.js";
import { Empty, Loaded, useLoaded } from "./parts.js";
import { words } from "./words.js";

const AGAIN_EVERY_MS = 10_000;
const DAY_MS = 86_400_000;
const names = words.overview;

export function Overview() {
  const [days, setDays] = useState(1);
  const [group, setGroup] = useState("model");
  const from = new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10);
  const report = useLoaded(() => read("/api/admin/analytics", { from, group, limit: 50 }), [from, group]);
  const live = useLoaded(() => read("/metrics").then(liveIn), []);
  useEffect(() => {
    const again = () => { if (!document.hidden) { report.again(); live.again(); } };
    const timer = setInterval(again, AGAIN_EVERY_MS);
    return () => clearInterval(timer);
  }, [report.again, live.again]);
  return html`<div class="page">
    <header><h1>${names.title}</h1><p>${names.lead}</p></header>
    <div class="row small">
      <select aria-label=${words.usage.period} value=${days} onChange=${(event) => setDays(Number(event.target.value))}>
        ${Object.entries(names.days).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select>
      <label class="row">${words.usage.by} <select value=${group} onChange=${(event) => setGroup(event.target.value)}>
        ${Object.entries(names.groups).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select></label>
      ${live.value && html`<span class="soft">${names.live(live.value.calls, live.value.waiting)}</span>`}
    </div>
    <${Loaded} of=${report}>${(found) => (found.total
      ? html`<${Sums} total=${found.total} /><section><header><h2>${names.groups[group]}</h2></header><${Groups} report=${found} /></section>`
      : html`<section><${Empty} title=${names.nothing}>${names.nothingThen}<//></section>`)}<//>
  </div>`;
}

function Sums({ total }) {
  const { calls, latency } = total;
  const rows = [
    [names.calls, count(calls.all)],
    [names.failed, share(calls.failed + calls.cut + calls.crashed, calls.all)],
    [names.failover, share(Math.max(0, total.faults), total.attempts)],
    [names.ttft, latency.ttft_mean_ms === null ? words.none : span(latency.ttft_mean_ms)],
    [names.tokens, count(tokensIn(total))],
    [names.cost, dollars(total.raw_cost_nano_usd)],
    [names.earned, dollars(total.earned_nano_usd)],
    [names.margin, dollars(total.margin_nano_usd)],
  ];
  return html`<dl class="sums after">${rows.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function Groups({ report }) {
  const head = (name) => html`<th scope="col" class="number">${name}</th>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.title}><table>
    <thead><tr><th scope="col">${names.groups[report.group]}</th>${[names.calls, names.failed, names.failover, names.ttft, names.tokens, words.usage.headings.credits, names.cost, names.margin].map(head)}</tr></thead>
    <tbody>${report.data.map((row) => html`<tr key=${row.group}><th scope="row" class="named" dir="auto">${report.group === "user"
        ? html`<a href="#/support/${encodeURIComponent(row.group)}">${row.group}</a>` : row.group || words.none}</th>
      <td class="number">${count(row.calls.all)}</td><td class="number">${share(row.calls.failed + row.calls.cut + row.calls.crashed, row.calls.all)}</td>
      <td class="number">${share(row.faults, row.attempts)}</td><td class="number">${row.latency.ttft_mean_ms === null ? words.none : span(row.latency.ttft_mean_ms)}</td>
      <td class="number">${count(tokensIn(row))}</td><td class="number">${credits(row.credits)}</td><td class="number">${dollars(row.raw_cost_nano_usd)}</td>
      <td class="number">${dollars(row.margin_nano_usd)}</td></tr>`)}</tbody></table></div>`;
}

const tokensIn = ({ tokens }) => Object.values(tokens).reduce((sum, part) => sum + part, 0);

/** The gauges that the page shows, from the gateway's metrics: of all its processes, where each has a line of its own. */
function liveIn(text) {
  const lines = (name) => [...text.matchAll(new RegExp(`^signalbox_${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))];
  const gauge = (name) => lines(name).reduce((sum, [, value]) => sum + Number(value), 0);
  return { calls: gauge("live_calls"), waiting: gauge("waiting_calls") };
}
