// A user's caps and wishes as a form: what bounds every call of theirs, whatever key makes it.
import { html, useState } from "./html.js";
import { Change, linesOf } from "./deskparts.js";
import { Field } from "./fields.js";
import { desk } from "./words.js";

const names = desk.keys;
const CAPS = {
  name: "caps", type: "rows", label: names.caps,
  columns: [{ name: "window", label: names.capHeads.window, choices: desk.plans.windows }, { name: "credits", label: names.capHeads.credits, narrow: true }],
};

/** Fields of caps and of wishes, for forms of users and keys; `caps` are held by the form, the rest is in its fields. */
export function BoundFields({ caps, onCaps, wishes }) {
  return html`<${CapFields} caps=${caps} onCaps=${onCaps} /><${WishFields} wishes=${wishes} />`;
}

export const CapFields = ({ caps, onCaps }) => html`<${Field} field=${CAPS} value=${caps} onChange=${onCaps} />`;

export function WishFields({ wishes = { mode: null, avoid: [], only: [] } }) {
  return html`<label class="field"><span>${names.mode}</span><select name="mode">${Object.entries(desk.plans.modes).map(([value, text]) => html`<option key=${value} value=${value} selected=${value === (wishes.mode ?? "")}>${text}</option>`)}</select></label>
    <div class="pair"><label class="field"><span>${names.avoid}</span><textarea class="mono" name="avoid" rows="2" spellcheck=${false} placeholder=${names.scopeNote} defaultValue=${wishes.avoid.join("\n")}></textarea></label>
      <label class="field"><span>${names.only}</span><textarea class="mono" name="only" rows="2" spellcheck=${false} placeholder=${names.scopeNote} defaultValue=${wishes.only.join("\n")}></textarea></label></div>`;
}

export const wishesOf = ({ mode, avoid, only }) => ({ ...(mode && { mode }), avoid: linesOf(avoid ?? ""), only: linesOf(only ?? "") });

export function Bounds({ user, patch, onDone, onClose }) {
  const [caps, setCaps] = useState(user.caps);
  const act = (given) => patch({ reason: given.reason, caps, wishes: wishesOf(given) });
  return html`<${Change} title=${`${desk.user.bounds}: ${user.id}`} lead=${desk.user.boundsLead} button=${desk.user.bounds} act=${act} onDone=${onDone} onClose=${onClose}>
    <${BoundFields} caps=${caps} onCaps=${setCaps} wishes=${user.wishes} /><//>`;
}
