// What a change would have made of the last 30 days: rows as they might be in, a replay of recorded calls beside what they were out.
import { ask } from "./api.js";
import { count, credits, dollars, momentOf } from "./figures.js";
import { html } from "./html.js";
import { Loaded, useLoaded } from "./parts.js";
import { desk } from "./words.js";

const DAYS = 30;
const DAY_MS = 86_400_000;
const CALLS_MAX = 2_000;
const USERS_SHOWN = 5;
const names = desk.editor;

export function Preview({ patches }) {
  const asked = JSON.stringify(patches);
  const found = useLoaded(() => {
    const now = Date.now();
    const period = { from: new Date(now - DAYS * DAY_MS).toISOString(), until: new Date(now).toISOString() };
    return ask("POST", "/api/admin/simulate", { body: { ...period, limit: CALLS_MAX, patches } });
  }, [asked]);
  return html`<section aria-label=${names.preview} aria-live="polite"><h3>${names.preview}</h3>
    ${found.loading ? html`<p class="soft" role="status">${names.asking} ${names.skip}</p>` : html`<${Loaded} of=${found}>${(report) => html`<${Report} report=${report} />`}<//>`}</section>`;
}

function Report({ report }) {
  const { total } = report;
  if (!total.calls) return html`<p>${names.none}</p>`;
  const fates = Object.entries(names.fates).filter(([fate]) => total.fates[fate] > 0);
  const repriced = report.changed.filter((call) => call.fate === "same").length;
  const rest = report.undecided + report.catalog_gone;
  return html`<p>${report.changed.length ? names.differs(report.changed.length, total.calls) : names.same(total.calls)}</p>
    ${report.changed.length > 0 && html`
      <ul class="dashes">${fates.map(([fate, text]) => html`<li key=${fate}>${text(total.fates[fate])}</li>`)}${repriced > 0 && html`<li>${names.repriced(repriced)}</li>`}</ul>
      <${Sums} recorded=${total.recorded} simulated=${total.simulated} />
      <${Noticing} report=${report} />`}
    ${[total.cost_unknown > 0 && names.unknown(total.cost_unknown), rest > 0 && names.left(rest), report.stopped_at_ms && names.stopped(momentOf(report.stopped_at_ms))]
      .filter(Boolean).map((text) => html`<p key=${text} class="small soft">${text}</p>`)}`;
}

function Sums({ recorded, simulated }) {
  const heads = names.sums;
  const rows = [
    [heads.answered, (sums) => count(sums.answered)], [heads.credits, (sums) => credits(sums.credits)],
    [heads.raw, (sums) => dollars(sums.raw_cost_nano_usd)], [heads.margin, (sums) => dollars(sums.margin_nano_usd)],
  ];
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.preview}><table class="snug"><thead><tr><td></td><th scope="col" class="number">${names.was}</th><th scope="col" class="number">${names.would}</th></tr></thead>
    <tbody>${rows.map(([name, told]) => html`<tr key=${name}><th scope="row" class="named">${name}</th><td class="number">${told(recorded)}</td><td class="number">${told(simulated)}</td></tr>`)}</tbody></table></div>`;
}

function Noticing({ report }) {
  const touched = new Map();
  for (const { user_id: id } of report.changed) touched.set(id, (touched.get(id) ?? 0) + 1);
  const changed = (user) => touched.get(user.user_id) ?? 0;
  const users = report.users.filter((user) => changed(user) > 0)
    .sort((one, other) => changed(other) - changed(one) || spread(other) - spread(one)).slice(0, USERS_SHOWN);
  if (!users.length) return null;
  const heads = names.userHeads;
  return html`<h3>${names.users}</h3><div class="scroll" tabindex="0" role="region" aria-label=${names.users}><table class="snug"><thead><tr><th scope="col">${heads.user}</th>
      ${[heads.changed, heads.refused, heads.credits, heads.then].map((name) => html`<th scope="col" class="number" key=${name}>${name}</th>`)}</tr></thead>
    <tbody>${users.map((user) => html`<tr key=${user.user_id}><th scope="row" class="named" dir="auto">${user.user_id}</th><td class="number">${count(changed(user))}</td><td class="number">${count(user.fates.refused ?? 0)}</td>
      <td class="number">${credits(user.recorded.credits)}</td><td class="number">${credits(user.simulated.credits)}</td></tr>`)}</tbody></table></div>`;
}

const spread = (user) => Math.abs(Number(user.simulated.credits) - Number(user.recorded.credits));
