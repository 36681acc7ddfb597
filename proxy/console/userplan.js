// A user's plan and its dated exceptions, for administrators: changed now or when the month begins anew, added until a day, removed.
import { ask, read } from "./api.js";
import { momentOf } from "./figures.js";
import { html, useState } from "./html.js";
import { Empty, When } from "./parts.js";
import { Change, endOf, linesOf } from "./deskparts.js";
import { wholeOf } from "./fields.js";
import { desk } from "./words.js";

const names = desk.user;

export function Terms({ path, entitlement, plans, onDone }) {
  const [doing, setDoing] = useState(null);
  const close = () => setDoing(null);
  const done = () => { close(); onDone(); };
  const plan = entitlement && (plans.find((each) => each.id === entitlement.plan_id)?.name ?? entitlement.plan_id);
  const next = entitlement?.next_plan;
  return html`<section aria-labelledby="terms"><header><h2 id="terms">${names.plan}</h2></header>
    ${entitlement ? html`<p dir="auto">${plan} <span class="id soft">${entitlement.plan_id}</span>${next && html` · ${names.next(next.plan_id, momentOf(next.from_ms))}`}</p>` : html`<${Empty} title=${names.noPlan}>${names.noPlanThen}<//>`}
    <p class="acts"><button type="button" onClick=${() => setDoing({ plan: true })}>${names.change}</button></p>
    ${entitlement && html`<h3 class="after">${names.exceptions}</h3>
      ${entitlement.overrides.length ? html`<${Exceptions} rows=${entitlement.overrides} onRemove=${(gone) => setDoing({ gone })} />` : html`<p class="soft">${names.noExceptions}. ${names.noExceptionsThen}</p>`}
      <p class="acts"><button type="button" onClick=${() => setDoing({ except: true })}>${names.except}</button></p>`}
    ${doing?.plan && html`<${ChangePlan} path=${path} entitlement=${entitlement} plans=${plans} onDone=${done} onClose=${close} />`}
    ${doing?.except && html`<${Except} path=${path} onDone=${done} onClose=${close} />`}
    ${doing?.gone && html`<${Change} title=${`${names.remove}: ${doing.gone.reason}`} lead=${names.removes} button=${names.remove} onDone=${done} onClose=${close}
      act=${({ reason }) => put(path, (had) => ({ ...had, reason, overrides: had.overrides.filter(({ id }) => id !== doing.gone.id) }))} />`}</section>`;
}

function Exceptions({ rows, onRemove }) {
  const heads = names.exceptionHeads;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${names.exceptions}><table>
    <thead><tr>${Object.values(heads).map((name) => html`<th scope="col" key=${name}>${name}</th>`)}<th scope="col"><span class="hidden">${names.remove}</span></th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.id}><th scope="row" class="named" dir="auto">${whatOf(row).join("; ") || desk.none}</th><td dir="auto">${row.reason}</td><td>${row.from_ms ? html`<${When} ms=${row.from_ms} />` : desk.none}</td>
      <td>${row.until_ms === null ? names.always : html`<${When} ms=${row.until_ms} />${row.until_ms <= Date.now() && html` <span class="soft">${names.ended}</span>`}`}</td>
      <td class="number"><button type="button" class="plain" aria-label=${`${names.remove}: ${row.reason}`} onClick=${() => onRemove(row)}>${names.remove}</button></td></tr>`)}</tbody></table></div>`;
}

function ChangePlan({ path, entitlement, plans, onDone, onClose }) {
  const act = ({ plan, from, reason }) => put(path, (had) => (from === "edge"
    ? { ...had, reason, next_plan: { plan_id: plan } }
    : { ...had, reason, plan_id: plan, next_plan: null }));
  const sorted = [...plans].sort((one, other) => one.rank - other.rank);
  return html`<${Change} title=${names.change} lead=${names.changes} button=${names.change} act=${act} onDone=${onDone} onClose=${onClose}>
    <div class="pair"><label class="field"><span>${names.newPlan}</span><select name="plan">${sorted.map((plan) => html`<option key=${plan.id} value=${plan.id} selected=${plan.id === entitlement?.plan_id}>${plan.name}</option>`)}</select></label>
      ${entitlement && html`<label class="field"><span>${names.at}</span><select name="from"><option value="now">${names.now}</option><option value="edge">${names.edge}</option></select></label>`}</div><//>`;
}

function Except({ path, onDone, onClose }) {
  const act = ({ reason, ...given }) => put(path, (had) => ({ ...had, reason, overrides: [...had.overrides, exceptionOf(given, reason)] }));
  const number = (name, text) => html`<label class="field"><span>${text}</span><input type="text" inputmode="numeric" name=${name} autocomplete="off" /></label>`;
  return html`<${Change} title=${names.except} lead=${names.exceptLead} button=${names.except} act=${act} onDone=${onDone} onClose=${onClose}>
    <label class="field"><span>${names.until}</span><input type="date" name="until" min=${new Date().toISOString().slice(0, 10)} aria-describedby="until-note" /></label><p class="small soft" id="until-note">${names.untilNote}</p>
    <label class="field"><span>${names.extraModels}</span><textarea class="mono" name="models" rows="2" placeholder=${desk.list} spellcheck=${false}></textarea></label>
    <div class="pair"><label class="field"><span>${names.extraCredits}</span><input type="text" inputmode="decimal" name="credits" autocomplete="off" /></label>
      <label class="field"><span>${desk.plans.allowanceHeads.window}</span><select name="window">${Object.entries(desk.plans.windows).map(([value, text]) => html`<option key=${value} value=${value} selected=${value === "month"}>${text}</option>`)}</select></label></div>
    <div class="pair">${number("context_tokens_max", names.context)}${number("concurrency_max", names.concurrency)}</div>
    <div class="pair">${number("output_tokens_default", names.output)}<label class="field"><span>${names.multiplier}</span><input type="text" inputmode="decimal" name="multiplier" autocomplete="off" /></label></div><//>`;
}

/** Reads the whole entitlement and puts it back as `change` makes it: what is left out of it would be gone. */
async function put(path, change) {
  const there = await read(`${path}/entitlement`).catch((error) => { if (error.status === 404) return null; throw error; });
  const had = { plan_id: there?.plan_id, next_plan: there?.next_plan ?? null, overrides: there?.overrides ?? [] };
  return ask("PUT", `${path}/entitlement`, { body: change(had), ifMatch: there?.version_tag });
}

function exceptionOf({ until, models, credits, window, ...numbers }, reason) {
  const { multiplier, ...counts } = numbers;
  return {
    reason, from_ms: Date.now(),
    ...(until && { until_ms: endOf(until) }), ...(models && { extra_models: linesOf(models) }), ...(credits && { extra_credits: { [window]: credits } }), ...(multiplier && { multiplier }),
    ...Object.fromEntries(Object.entries(counts).filter(([, text]) => text).map(([name, text]) => [name, wholeOf(text)])),
  };
}

function whatOf(row) {
  const says = names.exception;
  return [
    row.extra_models.length > 0 && says.models(row.extra_models), ...Object.entries(row.extra_credits).map(([window, amount]) => says.credits(amount, window)), row.multiplier && says.multiplier(row.multiplier),
    row.context_tokens_max && says.context(row.context_tokens_max), row.concurrency_max && says.concurrency(row.concurrency_max), row.n_max && says.n(row.n_max), row.output_tokens_default && says.output(row.output_tokens_default),
  ].filter(Boolean);
}
