// A user or a key as support tells it: state, what is left, and the calls.
import { credits, momentOf } from "./figures.js";
import { html } from "./html.js";
import { Calls } from "./calls.js";
import { Gauge, State, When } from "./parts.js";
import { words } from "./words.js";

const names = words.support;
const storyOf = (call) => `#/support/${call.id}`;

export function UserStory({ user, standing, kind }) {
  const cooling = user.cooling_until_ms > Date.now();
  const tone = user.suspended ? "stop" : cooling ? "caution" : "go";
  const said = user.suspended ? names.suspended : cooling ? names.cooling(momentOf(user.cooling_until_ms)) : names.active;
  return html`<h2 dir="auto">${user.name} <span class="id soft">${user.id}</span></h2>
    <p><${State} tone=${tone}>${said}<//>${standing && html` · ${names.plan} ${standing.plan_id}`}${user.app_id && html` · ${names.app} ${user.app_id}`}
      ${kind === "admin" && html` · <a href="#/users/${encodeURIComponent(user.id)}">${names.change}</a>`}</p>
    ${standing && html`<section><header><h2>${names.standing}</h2></header><div class="columns">
      ${[...standing.windows, ...standing.buckets].map((part) => html`<${Part} key=${part.id ?? part.window + part.family} part=${part} />`)}</div></section>`}
    <${CallsOf} of=${{ user: user.id }} />`;
}

export function Part({ part }) {
  const name = `${part.window ? words.usage.window[part.window] : words.usage.buckets}${part.family ? words.usage.family(part.family) : ""}`;
  return html`<div class="stack tight"><div class="row apart"><h3>${name}</h3><span>${words.usage.left(credits(part.left))}</span></div>
    <${Gauge} ...${part} label=${name} />
    <p class="small soft">${[words.usage.spentIn(credits(part.spent), credits(part.limit)), Number(part.held) > 0 && words.usage.held(credits(part.held)),
      part.resets_at_ms && words.usage.resets(momentOf(part.resets_at_ms))].filter(Boolean).join(" · ")}</p></div>`;
}

export function KeyStory({ shown }) {
  const heads = names.keyFacts;
  const owner = shown.user_id ?? shown.app_id;
  return html`<h2 dir="auto">${shown.name} <span class="id soft">${shown.id}</span></h2>
    <dl class="facts after"><dt>${heads.kind}</dt><dd>${shown.kind}</dd><dt>${heads.state}</dt><dd><${State} tone=${shown.state === "live" ? "go" : "stop"}>${words.usage.keyState[shown.state] ?? shown.state}<//></dd>
      ${owner && html`<dt>${heads.owner}</dt><dd>${shown.user_id ? html`<a href="#/support/${encodeURIComponent(owner)}">${owner}</a>` : owner}</dd>`}
      <dt>${heads.made}</dt><dd><${When} ms=${shown.created_at_ms} /></dd></dl>
    <${CallsOf} of=${{ key: shown.id }} />`;
}

/** Calls of a user, of a key, or of everybody. */
export const CallsOf = ({ of, who }) => html`<${Calls} path="/api/admin/model-calls" of=${of} link=${storyOf} who=${who} />`;
