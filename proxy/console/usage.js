// The usage page of one user: what is left, what used it, and by the address one of its calls.
import { read } from "./api.js";
import { CallPage } from "./callpage.js";
import { Calls } from "./calls.js";
import { credits, momentOf } from "./figures.js";
import { History } from "./history.js";
import { html } from "./html.js";
import { Keys } from "./keys.js";
import { OwnRequests } from "./ownrequests.js";
import { Gauge, Loaded, useLoaded } from "./parts.js";
import { words } from "./words.js";

export function Usage({ place, me, refresh }) {
  if (place.rest) return html`<${CallPage} key=${place.rest} id=${place.rest} />`;
  return html`<div class="page">
    <header><h1>${words.usage.title}</h1><p>${words.usage.lead}</p></header>
    <section aria-labelledby="left"><header><h2 id="left">${words.usage.windows}</h2></header><${Left} me=${me} /></section>
    <${History} />
    <${Calls} />
    <${OwnRequests} onSent=${refresh} />
    <${Keys} />
  </div>`;
}

function Left({ me }) {
  const usage = useLoaded(() => read("/api/usage"), []);
  return html`<${Loaded} of=${usage}>${({ windows }) => html`<div class="columns">
    ${windows.map((window) => html`<${Window} key=${window.window + window.family} window=${window} />`)}
    ${me?.caps.map((cap) => html`<${Cap} key=${cap.scope + cap.window} cap=${cap} />`)}
    ${me?.buckets.map((bucket) => html`<${Bucket} key=${bucket.id} bucket=${bucket} />`)}
  </div>`}<//>`;
}

function Window({ window }) {
  const name = `${words.usage.window[window.window]}${window.family ? words.usage.family(window.family) : ""}`;
  const anew = window.resets_at_ms ? words.usage.resets(momentOf(window.resets_at_ms)) : words.usage.never;
  return html`<div class="stack tight">
    <div class="row apart"><h3>${name}</h3><span>${words.usage.left(credits(window.left))}</span></div>
    <${Gauge} ...${window} label=${name} />
    <p class="small soft">${[words.usage.spentIn(credits(window.spent), credits(window.limit)), heldIn(window), anew].filter(Boolean).join(" · ")}</p>
    ${window.forecast && html`<p class="small">${forecastOf(window.forecast)}</p>`}
  </div>`;
}

/** What bounds all that is spent, whatever pays for it. */
function Cap({ cap }) {
  const name = words.usage.cap(words.usage.capped[cap.scope.split(":")[0]], words.usage.window[cap.window]);
  return html`<div class="stack tight">
    <div class="row apart"><h3>${name}</h3><span>${words.usage.left(credits(cap.left))}</span></div>
    <${Gauge} ...${cap} label=${name} />
    <p class="small soft">${[words.usage.spentIn(credits(cap.spent), credits(cap.limit)), heldIn(cap)].filter(Boolean).join(" · ")}</p>
  </div>`;
}

function Bucket({ bucket }) {
  const name = `${words.usage.buckets}${bucket.family ? words.usage.family(bucket.family) : ""}`;
  return html`<div class="stack tight">
    <div class="row apart"><h3>${name}</h3><span>${words.usage.left(credits(bucket.left))}</span></div>
    <${Gauge} ...${bucket} label=${name} />
    <p class="small soft" dir="auto">${[bucket.reason, heldIn(bucket), bucket.expires_at_ms && words.usage.expires(momentOf(bucket.expires_at_ms))].filter(Boolean).join(" · ")}</p>
  </div>`;
}

const heldIn = ({ held }) => (Number(held) > 0 ? words.usage.held(credits(held)) : "");

function forecastOf({ state, spent_at_reset: spent, runs_out_at_ms: out }) {
  const said = words.usage.forecast[state];
  if (state === "lasts") return Number(spent) > 0 ? said(credits(spent)) : words.usage.forecast.unused;
  return state === "runs_out" ? said(momentOf(out)) : said;
}
