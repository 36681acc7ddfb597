// What binds a key: all of it in words, and which models, how often and until when as fields of a form; what was changed of them out.
import { html } from "./html.js";
import { endOf, linesOf } from "./deskparts.js";
import { wholeOf } from "./fields.js";
import { desk } from "./words.js";

const names = desk.keys;
const PERIOD_S = 60;

export const EndField = ({ ms }) => html`<label class="field"><span>${names.expires}</span><input type="date" name="expires" min=${dayOf(Date.now())} defaultValue=${dayOf(ms)} /></label>`;

export function ScopeFields({ held = {} }) {
  return html`<label class="field"><span>${names.scope}</span><textarea class="mono" name="scope" rows="2" spellcheck=${false} placeholder=${names.scopeNote} defaultValue=${linesIn(held)}></textarea></label>
    <div class="pair"><label class="field"><span>${names.rate}</span><input type="text" inputmode="numeric" name="requests" placeholder=${names.rateRequests} defaultValue=${held.rate?.requests} /></label>
      <label class="field"><span>${names.ratePeriod}</span><input type="text" inputmode="numeric" name="period" placeholder=${PERIOD_S} defaultValue=${held.rate?.period_s} /></label></div>`;
}

/** What a form says otherwise than the key has it; what was emptied is null. */
export function changedBounds(held, given) {
  const scope = linesOf(given.scope ?? ""), rate = rateOf(given);
  return {
    ...(scope.join("\n") !== linesIn(held) && { model_scope: scope.length ? scope : null }),
    ...((rate?.requests !== held.rate?.requests || rate?.period_s !== held.rate?.period_s) && { rate }),
    ...(given.expires !== dayOf(held.expires_at_ms) && { expires_at_ms: endOf(given.expires) ?? null }),
  };
}

/** All that binds a key, in words. */
export function boundsOf(key) {
  const says = names.bounds;
  const { mode, avoid, only } = key.wishes;
  return [
    key.model_scope && says.scope(key.model_scope), ...key.caps.map(says.cap), key.rate && says.rate(key.rate), key.manage_keys && says.manage,
    mode && says.mode(mode), avoid.length > 0 && says.avoid(avoid), only.length > 0 && says.only(only),
  ].filter(Boolean);
}

const rateOf = ({ requests, period }) => (requests ? { requests: wholeOf(requests), period_s: wholeOf(period || String(PERIOD_S)) } : null);
const dayOf = (ms) => (ms ? new Date(ms).toISOString().slice(0, 10) : "");
const linesIn = ({ model_scope: scope }) => (scope ?? []).join("\n");
