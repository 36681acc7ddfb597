// What was used over time: a chart by day, and the same in groups as a table that can be saved.
import { read } from "./api.js";
import { count, credits } from "./figures.js";
import { html, useEffect, useRef, useState } from "./html.js";
import { Empty, Loaded, useLoaded } from "./parts.js";
import { saveText } from "./save.js";
import { words } from "./words.js";

const DAY_MS = 86_400_000;
const CHART_HEIGHT_PX = 170;

export function History() {
  const [days, setDays] = useState(30);
  const [group, setGroup] = useState("assistant");
  const from = new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10);
  const byDay = useLoaded(() => read("/api/usage", { from, group: "day" }), [from]);
  const grouped = useLoaded(() => read("/api/usage", { from, group }), [from, group]);
  const save = async () => saveText(`usage-by-${group}.csv`, "text/csv", await read("/api/usage", { from, group, format: "csv" }));
  const choose = (set) => (event) => set(event.target.value);
  return html`<section aria-labelledby="history">
    <header><h2 id="history">${words.usage.history}</h2><div class="row">
      <select aria-label=${words.usage.period} value=${days} onChange=${(event) => setDays(Number(event.target.value))}>
        ${Object.entries(words.usage.days).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select>
      <label class="row">${words.usage.by} <select value=${group} onChange=${choose(setGroup)}>
        ${Object.entries(words.usage.groups).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select></label>
      <button type="button" onClick=${save}>${words.usage.csv}</button></div></header>
    <${Loaded} of=${byDay}>${(found) => (found.total.calls
      ? html`<${Chart} rows=${found.data} from=${from} days=${days} /><${Loaded} of=${grouped}>${(told) => html`<${Groups} report=${told} />`}<//>`
      : html`<${Empty} title=${words.usage.unused}>${words.usage.unusedThen}<//>`)}<//>
  </section>`;
}

function Groups({ report }) {
  const names = words.usage.headings;
  const row = (told, name) => html`<tr key=${told.group}><th scope="row" dir="auto">${name}</th><td class="number">${count(told.calls)}</td>
    <td class="number">${count(told.input_tokens)}</td><td class="number">${count(told.output_tokens)}</td><td class="number">${credits(told.credits)}</td></tr>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${words.usage.history}><table class="groups">
    <thead><tr><th scope="col">${words.usage.groups[report.group]}</th><th scope="col" class="number">${names.calls}</th><th scope="col" class="number">${names.input}</th>
      <th scope="col" class="number">${names.output}</th><th scope="col" class="number">${names.credits}</th></tr></thead>
    <tbody>${report.data.map((told) => row(told, told.group || words.usage.noneNamed))}</tbody>
    <tfoot>${row(report.total, words.usage.total)}</tfoot></table></div>`;
}

/** Bars by day; the table beneath holds the same figures for those who cannot see them. */
function Chart({ rows, from, days }) {
  const place = useRef(null);
  useEffect(() => {
    const spot = place.current;
    const control = { chart: null, gone: false };
    const again = () => { control.chart?.destroy(); draw(spot, series(rows, from, days), control); };
    const watch = new ResizeObserver(() => control.chart?.setSize({ width: spot.clientWidth, height: CHART_HEIGHT_PX }));
    const dark = matchMedia("(prefers-color-scheme: dark)");
    again();
    watch.observe(spot);
    dark.addEventListener("change", again);
    return () => { control.gone = true; watch.disconnect(); dark.removeEventListener("change", again); control.chart?.destroy(); };
  }, [rows]);
  return html`<figure class="chart"><figcaption class="small soft">${words.usage.chart}</figcaption><div ref=${place} role="img" aria-label=${words.usage.chart}></div></figure>`;
}

function series(rows, from, days) {
  const spent = new Map(rows.map((row) => [row.group, Number(row.credits)]));
  const first = Date.parse(from);
  const moments = Array.from({ length: days }, (_, index) => first + index * DAY_MS);
  return [moments.map((ms) => ms / 1_000), moments.map((ms) => spent.get(new Date(ms).toISOString().slice(0, 10)) ?? 0)];
}

async function draw(place, data, control) {
  const { default: Plot } = await import("./vendor/uplot.js");
  if (control.gone) return;
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--ink-soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `12px ${getComputedStyle(document.body).fontFamily}` };
  control.chart = new Plot({
    width: place.clientWidth,
    height: CHART_HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    tzDate: (seconds) => Plot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
    scales: { y: { range: (_, __, most) => [0, most || 1] } },
    axes: [{ ...axis, size: 30, grid: { show: false }, values: (_, at) => at.map((s) => new Date(s * 1_000).toLocaleDateString("en", { day: "numeric", month: "short", timeZone: "UTC" })) },
      { ...axis, size: 56, values: (_, at) => at.map((value) => credits(value)) }],
    series: [{}, { fill: colour("--accent"), stroke: colour("--accent"), width: 0, points: { show: false }, paths: Plot.paths.bars({ size: [0.7, 28] }) }],
  }, data, place);
}
