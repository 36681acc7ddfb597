// Who sees a model, stage by stage: nobody but by exception, some plans, all that list it; changed like any other field.
import { read } from "./api.js";
import { html, useState } from "./html.js";
import { Loaded, useLoaded } from "./parts.js";
import { Editor } from "./editor.js";
import { desk } from "./words.js";

const names = desk.models;

export function Visibility({ row, path, onSaved }) {
  const plans = useLoaded(() => read("/api/admin/plans"), []);
  return html`<${Loaded} of=${plans}>${({ data }) => {
    return html`<${Editor} kind="model" path=${path} row=${row} fields=${[stageField(data)]} onSaved=${onSaved} label=${names.visibility} shape=${staged.shape} made=${staged.made} />`;
  }}<//>`;
}

export const stageField = (plans) => ({ name: "stage", part: Stage, wide: true, bare: true, label: names.visibility, plans });

function Stage({ id, field, value, onChange }) {
  const [stage, setStage] = useState(stageOf(value));
  const chosen = new Set(value.plans);
  // Nobody is named by choosing to name some: until a plan is chosen, the stage is only this form's.
  const pick = (next) => { setStage(next); onChange(next === "admins" ? { hidden: true, plans: [] } : { hidden: false, plans: next === "plans" ? value.plans : [] }); };
  const turn = (plan) => { if (chosen.has(plan)) chosen.delete(plan); else chosen.add(plan); onChange({ hidden: false, plans: field.plans.map((row) => row.id).filter((name) => chosen.has(name)) }); };
  return html`<div class="choices" id=${id} role="radiogroup" aria-label=${field.label}>
    ${Object.entries(names.stages).map(([name, text]) => html`<label key=${name}><input type="radio" name=${id} value=${name} checked=${stage === name} onChange=${() => pick(name)} /> ${text}</label>`)}
    ${stage === "plans" && html`<fieldset class="sub"><legend class="hidden">${names.which}</legend><div class="row">${field.plans.map((plan) => html`
      <label key=${plan.id} class="row"><input type="checkbox" checked=${chosen.has(plan.id)} onChange=${() => turn(plan.id)} /> ${plan.name}</label>`)}</div></fieldset>`}</div>`;
}

/** Two fields of the row as one of the form, and back. */
export const staged = {
  shape: (row) => ({ ...row, stage: { hidden: row.hidden, plans: row.plans } }),
  made: ({ stage }, row) => {
    if (!stage) return {};
    return { ...(stage.hidden !== row.hidden && { hidden: stage.hidden }), ...(JSON.stringify(stage.plans) !== JSON.stringify(row.plans) && { plans: stage.plans }) };
  },
};

function stageOf(value) {
  if (value.hidden) return "admins";
  return value.plans.length ? "plans" : "all";
}
