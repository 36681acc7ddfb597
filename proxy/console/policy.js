// The policy: how calls are decided and what a credit is worth, changed like any row of the catalog; of what only files may say,
// where it stands.
import { read } from "./api.js";
import { html, useState } from "./html.js";
import { Loaded, useLoaded } from "./parts.js";
import { CatalogNav, Done } from "./deskparts.js";
import { Editor } from "./editor.js";
import { keyed } from "./fields.js";
import { Source } from "./rowpages.js";
import { desk, policy as names } from "./words.js";

const PATH = "/api/admin/policy";
const field = (name, type, more = {}) => ({ name, type, label: names.fields[name], note: names.notes[name], ...more });
const head = (name) => ({ name: `head:${name}`, type: "head", label: names.heads[name] });
const columns = (heads, more = {}) => Object.entries(heads).map(([name, label]) => ({ name, label, narrow: true, ...more[name] }));
const acts = { value: { choices: names.actions } };
const part = (labels, types) => Object.entries(labels).map(([name, label]) => ({ name, label, ...types[name] }));

const NET = part(names.net, {
  model: { type: "text", optional: true, broad: true, note: names.netNotes.model }, limit_ms: { type: "number" }, flagged: { type: "choice", choices: names.flagged },
  cleared: { type: "choice", choices: names.cleared }, enabled: { type: "flag", broad: true }, blocking: { type: "flag", broad: true },
});
const NO_NET = { model: null, limit_ms: 800, flagged: "block", cleared: null, enabled: false, blocking: true };
const factor = { type: "factor" }, number = { type: "number" };
const ABUSE = part(names.abuse, {
  slow_at: factor, cool_off_at: factor, alert_at: factor, app_alert_at: factor, half_life_s: number, gap_s: number, cool_off_s: number, loop_calls: number, loop_gap_s: number,
  surge_credits: { type: "text", decimal: true }, surge_factor: factor, history_s: number, points: { type: "rows", broad: true, columns: columns(names.pointHeads, { key: { choices: names.offences } }), ...keyed.numbers },
});

const FIELDS = [
  head("worth"), field("credits_per_dollar", "text", { decimal: true }), field("default_mode", "choice", { choices: names.modes }), field("default_assistant", "text"),
  field("modes", "rows", { wide: true, columns: columns(names.modeHeads, { key: { choices: names.modes } }), ...keyed.factors }),
  head("tries"), field("attempts_max", "number"), field("retries_per_model_max", "number"), field("deadline_ms", "number"), field("hold_lead_tokens", "number"), field("step_down_below_percent", "number"),
  field("free_calls_hourly_max", "number"), field("rescue", "choice", { choices: names.rescues, broad: true }),
  head("finds"), field("actions", "rows", { broad: true, columns: columns(names.actionHeads, acts), ...keyed.plain }),
  field("action_messages", "rows", { wide: true, columns: columns(names.messageHeads, { value: { narrow: false } }), ...keyed.plain }),
  field("plan_actions", "rows", { broad: true, columns: columns(names.planHeads, acts), ...keyed.twice }),
  field("assistant_actions", "rows", { broad: true, columns: columns(names.assistantHeads, acts), ...keyed.twice }),
  head("net"), field("second_net", "record", { wide: true, fields: NET, fresh: NO_NET, write: (record) => (record.model ? record : null) }),
  head("abuse"), field("abuse", "record", { wide: true, fields: ABUSE }),
];

export function Policy() {
  const found = useLoaded(() => read(PATH), []);
  const [now, setNow] = useState(null);
  const row = now ?? found.value;
  return html`<div class="page">
    <${CatalogNav} page="policy" />
    <header><h1>${names.title}</h1><p>${names.lead}</p>${row && html`<${Source} row=${row} />`}</header>
    ${now && html`<${Done}>${desk.saved}<//>`}
    <${Loaded} of=${found}>${() => html`<section><${Editor} kind="policy" path=${PATH} row=${row} fields=${FIELDS} label=${names.one} onSaved=${setNow} /></section>
      <p class="small soft after">${names.elsewhere} <a href="#/files">${names.files}</a>.</p>`}<//>
  </div>`;
}
