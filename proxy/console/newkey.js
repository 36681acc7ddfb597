// A new key: whose it is and what binds it in, the key itself out.
import { ask } from "./api.js";
import { html, useState } from "./html.js";
import { Change, endOf, linesOf } from "./deskparts.js";
import { wholeOf } from "./fields.js";
import { BoundFields, wishesOf } from "./bounds.js";
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
    <label class="field"><span>${names.expires}</span><input type="date" name="expires" min=${new Date().toISOString().slice(0, 10)} /></label>
    ${(kind === "user" || kind === "app") && html`<details><summary>${names.further}</summary><div class="stack after">
      <label class="row"><input type="checkbox" name="manage" value="1" /> ${names.manage}</label>
      <label class="field"><span>${names.scope}</span><textarea class="mono" name="scope" rows="2" placeholder=${names.scopeNote}></textarea></label>
      <div class="pair"><label class="field"><span>${names.rate}</span><input type="text" inputmode="numeric" name="requests" placeholder=${names.rateRequests} /></label>
        <label class="field"><span>${names.ratePeriod}</span><input type="text" inputmode="numeric" name="period" placeholder="60" /></label></div>
      <${BoundFields} caps=${caps} onCaps=${setCaps} /></div></details>`}<//>`;
}

/** What is left empty is left out, so that the gateway's own defaults hold. */
function bodyOf(kind, given, caps) {
  const scope = linesOf(given.scope ?? ""), wishes = wishesOf(given);
  return {
    kind, name: given.name, reason: given.reason,
    ...(given.owner && { [kind === "app" ? "app_id" : "user_id"]: given.owner }),
    ...(given.expires && { expires_at_ms: endOf(given.expires) }),
    ...(given.manage && { manage_keys: true }),
    ...(scope.length && { model_scope: scope }),
    ...(caps.length && { caps }),
    ...(given.requests && { rate: { requests: wholeOf(given.requests), period_s: wholeOf(given.period || "60") } }),
    ...((wishes.mode || wishes.avoid.length || wishes.only.length) && { wishes }),
  };
}
