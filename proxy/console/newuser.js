// A new user: a name and a plan in, a user who may be given a key out.
import { ask, read } from "./api.js";
import { html } from "./html.js";
import { Loaded, useLoaded } from "./parts.js";
import { Change } from "./deskparts.js";
import { desk } from "./words.js";

const names = desk.user;

export function NewUser({ onMade, onClose }) {
  const plans = useLoaded(() => read("/api/admin/plans"), []);
  const make = ({ name, id, plan, anchor, reason }) => ask("POST", "/api/admin/users", { body: { name, plan_id: plan, anchor_day: Number(anchor), reason, ...(id && { id }) } });
  return html`<${Change} title=${names.newUser} lead=${names.makes} button=${names.newUser} act=${make} onDone=${onMade} onClose=${onClose}>
    <label class="field"><span>${names.name}</span><input type="text" name="name" required maxlength="256" autocomplete="off" /></label>
    <label class="field"><span>${names.id}</span><input type="text" name="id" maxlength="100" autocomplete="off" spellcheck=${false} placeholder=${names.idNote} /></label>
    <div class="pair"><label class="field"><span>${names.plan}</span><${Loaded} of=${plans}>${({ data }) => html`<select name="plan">${[...data].sort((one, other) => one.rank - other.rank).map((plan) => html`
        <option key=${plan.id} value=${plan.id}>${plan.name}</option>`)}</select>`}<//></label>
      <label class="field"><span>${names.anchor}</span><input type="number" name="anchor" min="1" max="31" defaultValue="1" required /></label></div><//>`;
}
