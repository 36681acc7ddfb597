// The support page: one box for an id; a call's, user's or key's whole story out, without prompt, key or raw cost.
import { ApiError, read } from "./api.js";
import { html, useLayoutEffect, useRef } from "./html.js";
import { Empty, Loaded, useLoaded } from "./parts.js";
import { CallStory } from "./callstory.js";
import { CallsOf, KeyStory, UserStory } from "./userstory.js";
import { words } from "./words.js";

export function Support({ place, who }) {
  const field = useRef(null);
  const asked = place.rest;
  const found = useLoaded(() => (asked ? lookedUp(asked, who.kind) : Promise.resolve({})), [asked]);
  // Before anybody can type into it.
  useLayoutEffect(() => { field.current.value = asked; if (!asked) field.current.focus(); }, [asked]);
  const look = (event) => {
    event.preventDefault();
    const text = field.current.value.trim();
    if (text === asked) found.again();
    else location.hash = `#/support/${encodeURIComponent(text)}`;
  };
  return html`<div class="page">
    <header><h1>${words.support.title}</h1><p>${words.support.lead}</p></header>
    <form role="search" onSubmit=${look}><label class="field"><span>${words.support.box[who.kind]}</span></label>
      <div class="search"><input ref=${field} id="box" type="search" aria-label=${words.support.box[who.kind]} spellcheck=${false} autocomplete="off" autocapitalize="off" required maxlength="256" />
      <button class="first">${words.support.find}</button></div></form>
    <section aria-live="polite"><${Loaded} of=${found.isOld ? { ...found, value: null } : found}>${(story) => {
      if (story.call) return html`<${CallStory} call=${story.call} kind=${who.kind} onChange=${found.again} />`;
      if (story.user) return html`<${UserStory} ...${story} kind=${who.kind} />`;
      if (story.shown) return html`<${KeyStory} ...${story} />`;
      if (asked) return html`<${Empty} title=${words.support.nothing(asked)}>${words.support.nothingThen}<//>`;
      return html`<${Empty} title=${words.support.emptyTitle}>${words.support.empty}<//><${CallsOf} of=${{}} who=${true} />`;
    }}<//></section>
  </div>`;
}

/** Whatever the id belongs to. What begins with a known prefix is asked for once, all else until something is found. */
async function lookedUp(text, kind) {
  const ways = text.startsWith("call_") ? [callOf] : [userOf, ...(kind === "admin" ? [keyOf] : []), requestOf];
  for (const way of ways) {
    const story = await way(text).catch(absent);
    if (story) return story;
  }
  return {};
}

function absent(error) {
  if (error instanceof ApiError && [400, 404].includes(error.status)) return null;
  throw error;
}

const admin = (path, query) => read(`/api/admin/${path}`, query);
const callOf = async (id) => ({ call: await admin(`model-calls/${encodeURIComponent(id)}`) });

async function requestOf(id) {
  const { data } = await admin("model-calls", { request: id, limit: 1 });
  return data.length ? callOf(data[0].id) : null;
}

async function userOf(id) {
  const path = `users/${encodeURIComponent(id)}`;
  const user = await admin(path);
  return { user, standing: await admin(`${path}/standing`).catch(absent) };
}

async function keyOf(id) {
  return { shown: await admin(`keys/${encodeURIComponent(id)}`) };
}
