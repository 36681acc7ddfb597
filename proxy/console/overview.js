// What runs now and what the last days came to, for administrators; follows the gateway while it is looked at.
import { follow, read } from "./api.js";
import { count, credits, dollars, figure, share, span } from "./figures.js";
import { html, useEffect, useState } from "./html.js";
import { Dearest } from "./dearest.js";
import { Empty, Loaded, useAgainEvery, useLoaded } from "./parts.js";
import { words } from "./words.js";

const AGAIN_EVERY_MS = 10_000;
const DAY_MS = 86_400_000;
const PATH = "/api/admin/overview";
const names = words.overview;

export function Overview() {
  const [days, setDays] = useState(1);
  const [group, setGroup] = useState("model");
  const from = new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10);
  const report = useLoaded(() => read("/api/admin/analytics", { from, group, limit: 50 }), [from, group]);
  const pace = usePace();
  useAgainEvery(report, AGAIN_EVERY_MS);
  return html`<div class="page">
    <header><h1>${names.title}</h1><p>${names.lead}</p></header>
    <${Now} pace=${pace} />
    <div class="row small after">
      <select aria-label=${words.usage.period} value=${days} onChange=${(event) => setDays(Number(event.target.value))}>
        ${Object.entries(names.days).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select>
      <label class="row">${words.usage.by} <select value=${group} onChange=${(event) => setGroup(event.target.value)}>
        ${Object.entries(names.groups).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select></label>
    </div>
    <${Loaded} of=${report}>${(found) => (found.total
      ? html`<${Sums} total=${found.total} /><section><header><h2>${names.by[found.group]}</h2></header>${found.group === "user"
          ? html`<${Dearest} key=${found.from_ms} first=${found} from=${from}>${(rows) => html`<${Groups} group="user" rows=${rows} />`}<//>` : html`<${Groups} group=${found.group} rows=${found.data} />`}</section>`
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

function Groups({ group, rows }) {
  const head = (name) => html`<th scope="col" class="number">${name}</th>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.title}><table>
    <thead><tr><th scope="col">${names.groups[group]}</th>${[names.calls, names.failed, names.failover, names.ttft, names.tokens, words.usage.headings.credits, names.cost, names.margin].map(head)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.group}><th scope="row" class="named" dir="auto">${group === "user"
        ? html`<a href="#/support/${encodeURIComponent(row.group)}">${row.group}</a>` : row.group || html`<span class="soft">${names.nobody}</span>`}</th>
      <td class="number">${count(row.calls.all)}</td><td class="number">${share(row.calls.failed + row.calls.cut + row.calls.crashed, row.calls.all)}</td>
      <td class="number">${share(row.faults, row.attempts)}</td><td class="number">${row.latency.ttft_mean_ms === null ? words.none : span(row.latency.ttft_mean_ms)}</td>
      <td class="number">${count(tokensIn(row))}</td><td class="number">${credits(row.credits)}</td><td class="number">${dollars(row.raw_cost_nano_usd)}</td>
      <td class="number">${dollars(row.margin_nano_usd)}</td></tr>`)}</tbody></table></div>`;
}

const tokensIn = ({ tokens }) => Object.values(tokens).reduce((sum, part) => sum + part, 0);

/** What the gateway tells of itself while the page is seen; asked again and again where it cannot be followed. */
function usePace() {
  const [pace, setPace] = useState(null);
  useEffect(() => {
    const control = { end: () => {}, timer: 0 };
    const ask = () => { if (!document.hidden) read(PATH).then(setPace, () => null); };
    const poll = () => { ask(); clearInterval(control.timer); control.timer = setInterval(ask, AGAIN_EVERY_MS); };
    const end = () => { control.end(); clearInterval(control.timer); };
    // A page that nobody sees holds no place of those that there are.
    const seen = () => { end(); if (!document.hidden) control.end = follow(PATH, "pace", setPace, poll); };
    seen();
    document.addEventListener("visibilitychange", seen);
    return () => { end(); document.removeEventListener("visibilitychange", seen); };
  }, []);
  return pace;
}

function Now({ pace }) {
  if (!pace) return html`<p class="soft" role="status">${words.loading}</p>`;
  const told = pace.seconds > 0;
  const rows = [
    [names.running, `${count(pace.live)}${pace.waiting ? names.waiting(count(pace.waiting)) : ""}`],
    [names.pace, told ? figure(pace.calls_per_s) : words.none],
    [names.ttft, pace.ttft_mean_ms === null ? words.none : span(pace.ttft_mean_ms)],
    [names.failed, pace.failed_share === null ? words.none : share(pace.failed_share, 1)],
    [names.failover, pace.failover_share === null ? words.none : share(pace.failover_share, 1)],
    [names.tokensPace, told ? figure(pace.tokens_per_s) : words.none],
    [names.cost, dollars(pace.raw_cost_nano_usd)],
    [names.margin, dollars(pace.margin_nano_usd)],
  ];
  return html`<section class="now" aria-labelledby="now"><header><h2 id="now">${names.now}</h2><p class="small soft">${names.over(Math.round(pace.seconds))}</p></header>
    <dl class="sums">${rows.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></section>`;
}
