// A new key: whose it is and what binds it in, the key itself out.
import { ask } from "./api.js";
import { html, useState } from "./html.js";
import { Change } from "./deskparts.js";
import { BoundFields, wishesOf } from "./bounds.js";
import { changedBounds, EndField, ScopeFields } from "./keybounds.js";
import { desk } from "./words.js";

const names = desk.keys;

export function NewKey({ userId = "", appId = "", onMade, onClose }) {
  const [kind, setKind] = useState(appId ? "app" : "user");
  const [caps, setCaps] = useState([]);
  const make = (given) => ask("POST", "/api/admin/keys", { body: bodyOf(kind, given, caps) });
  return html`<${Change} title=${names.create} button=${names.makeIt} act=${make} onDone=${onMade} onClose=${onClose}>
    <div class="pair">
      <label class="field"><span>${names.kind}</span><select value=${kind} onChange=${(event) => setKind(event.target.value)}>${Object.entries(names.kinds).map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select></label>
      <label class="field"><span>${names.owner[kind]}</span><input type="text" name="owner" key=${kind} defaultValue=${kind === "app" ? appId : userId} required=${kind === "user" || kind === "app"} autocomplete="off" spellcheck=${false} /></label>
    </div>
    ${kind === "admin" && html`<p class="note caution">${names.adminNote}</p>`}
    <label class="field"><span>${names.name}</span><input type="text" name="name" required maxlength="100" autocomplete="off" /></label>
    <${EndField} />
    ${(kind === "user" || kind === "app") && html`<details><summary>${names.further}</summary><div class="stack after">
      <label class="row"><input type="checkbox" name="manage" value="1" /> ${names.manage}</label>
      <${ScopeFields} />
      <${BoundFields} caps=${caps} onCaps=${setCaps} /></div></details>`}<//>`;
}

const NOT_BOUND = {};

/** What is left empty is left out, so that the gateway's own defaults hold. */
function bodyOf(kind, given, caps) {
  const wishes = wishesOf(given);
  return {
    kind, name: given.name, reason: given.reason,
    ...(given.owner && { [kind === "app" ? "app_id" : "user_id"]: given.owner }),
    ...changedBounds(NOT_BOUND, given),
    ...(given.manage && { manage_keys: true }),
    ...(caps.length && { caps }),
    ...((wishes.mode || wishes.avoid.length || wishes.only.length) && { wishes }),
  };
}
