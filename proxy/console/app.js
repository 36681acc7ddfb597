// The console's frame: who is signed in and which page the address names; a page's own file does the rest.
import { ApiError, ask, holdKey, holdToken, read, whenRefused } from "./api.js";
import { Chat } from "./chat.js";
import { credits } from "./figures.js";
import { html, render, useCallback, useEffect, useRef, useState } from "./html.js";
import { followAddress, letGo, mayLeave } from "./leaving.js";
import { Trouble } from "./parts.js";
import { forgetSession, hasSession, SignIn } from "./signin.js";
import { words } from "./words.js";

// Pages that few people open first are fetched when somebody does.
const later = (path, name) => () => import(path).then((module) => module[name]);
const PAGES = {
  usage: { kinds: ["user"], load: later("./usage.js", "Usage") },
  start: { kinds: ["user"], load: later("./start.js", "Start") },
  support: { kinds: ["admin", "support"], load: later("./support.js", "Support") },
  overview: { kinds: ["admin"], load: later("./overview.js", "Overview") },
  users: { kinds: ["admin"], load: later("./users.js", "Users") },
  health: { kinds: ["admin"], load: later("./health.js", "Health") },
  misuse: { kinds: ["admin"], load: later("./misuse.js", "Misuse"), under: "users" },
  audit: { kinds: ["admin"], load: later("./audit.js", "Audit") },
  budget: { kinds: ["admin"], load: later("./budget.js", "Budget") },
  requests: { kinds: ["admin"], load: later("./requests.js", "Requests") },
  keys: { kinds: ["admin"], load: later("./allkeys.js", "AllKeys") },
  models: { kinds: ["admin"], load: later("./models.js", "Models") },
  assistants: { kinds: ["admin"], load: later("./assistants.js", "Assistants"), under: "models" },
  plans: { kinds: ["admin"], load: later("./plans.js", "Plans"), under: "models" },
  aliases: { kinds: ["admin"], load: later("./aliases.js", "Aliases"), under: "models" },
  policy: { kinds: ["admin"], load: later("./policy.js", "Policy"), under: "models" },
  apps: { kinds: ["admin"], load: later("./apps.js", "Apps") },
  files: { kinds: ["admin"], load: later("./files.js", "Files"), under: "models" },
};
const MENU = {
  user: ["chat", "usage", "start"],
  support: ["support"],
  admin: ["overview", "support", "requests", "users", "apps", "keys", "models", "health", "budget", "audit"],
};

function App() {
  const [who, setWho] = useState(null);
  const [told, setTold] = useState("");
  const [ready, setReady] = useState(false);
  const place = usePlace();
  const leave = useCallback((why) => {
    holdKey(null);
    holdToken(null);
    forgetSession();
    setWho((before) => (before ? { ...before, gone: true } : null));
    setTold(why);
  }, []);
  useEffect(() => {
    whenRefused(() => leave(words.sign.again));
    resumed().then((found) => { setWho(found); setReady(true); });
  }, []);
  if (!ready) return html`<p class="lone soft" role="status">${words.loading}</p>`;
  const enter = (found) => { setTold(""); setWho(found); };
  if (!who) return html`<${SignIn} onEnter=${enter} told=${told} />`;
  const out = async () => {
    if (!mayLeave()) return;
    letGo();
    if (who.kind !== "user") await ask("DELETE", "/api/session").catch(() => null);
    holdKey(null); holdToken(null); forgetSession();
    // Whoever signs in next has conversations of their own.
    if (who.kind === "user") location.hash = "";
    setTold(""); setWho(null);
  };
  return html`<${Frame} who=${who} place=${place} onOut=${out} told=${told} onEnter=${enter} />`;
}

function Frame({ who, place, onOut, told, onEnter }) {
  const [me, setMe] = useState(who.me ?? null);
  const latest = useRef(0);
  const refresh = useCallback(() => {
    const mine = ++latest.current;
    return read("/api/me").then((found) => { if (mine === latest.current) setMe(found); }, () => null);
  }, []);
  useEffect(() => { latest.current += 1; setMe(who.me ?? null); }, [who.me]);
  const menu = MENU[who.kind];
  const page = place.page || menu[0];
  useEffect(() => { document.title = `${words.pages[page] ?? words.missing.title} · ${words.name}`; }, [page]);
  const shared = { who, me, refresh, place };
  return html`
    <a class="skip" href="#page" onClick=${toPage}>${words.skip}</a>
    <header class="bar">
      <a class="mark" href="#/${menu[0]}"><img src=${new URL("./signal.svg", import.meta.url).href} alt="" />${words.name}</a>
      <nav aria-label=${words.name}>${menu.map((name) => html`
        <a key=${name} href="#/${name}" aria-current=${name === (PAGES[page]?.under ?? page) ? "page" : undefined}>${words.menu[name] ?? words.pages[name]}</a>`)}</nav>
      <div class="who">
        ${who.kind === "user" && html`<span class="soft" data-part="meter">${meter(me)}</span>`}
        ${who.kind !== "user" && html`<span class="soft">${who.name || who.kind}</span>`}
        <button type="button" class="plain" onClick=${onOut}>${words.sign.out}</button>
      </div>
    </header>
    <main id="page" tabindex="-1">
      ${menu.includes("chat") && html`<div hidden=${page !== "chat"} class="fill"><${Chat} key=${who.me.user.id} ...${shared} shown=${page === "chat"} /></div>`}
      ${page !== "chat" && html`<${Lazy} key=${page} name=${page} allowed=${PAGES[page]?.kinds.includes(who.kind)} shared=${shared} menu=${menu} />`}
    </main>
    ${who.gone && html`<${SignIn} onEnter=${onEnter} told=${told} over=${true} kind=${who.kind} />`}`;
}

function Lazy({ name, allowed, shared, menu }) {
  const [found, setFound] = useState({ Page: null, error: null });
  const load = useCallback(() => {
    setFound({ Page: null, error: null });
    const failed = () => setFound({ Page: null, error: new ApiError(0, "offline", "") });
    if (allowed) PAGES[name].load().then((Page) => setFound({ Page, error: null }), failed);
  }, [name, allowed]);
  useEffect(load, [load]);
  if (!allowed) {
    return html`<div class="page"><h1>${words.missing.title}</h1>
      <p>${words.missing.then} <a href="#/${menu[0]}">${words.pages[menu[0]]}</a>.</p></div>`;
  }
  if (found.error) return html`<div class="page"><${Trouble} error=${found.error} onRetry=${load} /></div>`;
  return found.Page ? html`<${found.Page} ...${shared} />` : html`<p class="page soft" role="status">${words.loading}</p>`;
}

function meter(me) {
  if (!me) return "";
  const open = [...me.windows.filter((window) => window.family === null), ...me.caps];
  const tight = open.sort((one, other) => Number(one.left) - Number(other.left))[0];
  if (!tight) return words.sign.noWindow;
  return html`${words.sign.left(credits(tight.left))}<span class="roomy">${words.sign.of(credits(tight.limit), tight.window)}</span>`;
}

function toPage(event) {
  event.preventDefault();
  document.getElementById("page").focus();
}

/** The page and what follows it in the address: `#/usage/call_1?by=day`. */
function usePlace() {
  const [place, setPlace] = useState(placeNow);
  useEffect(() => followAddress(() => { setPlace(placeNow()); window.scrollTo(0, 0); }), []);
  return place;
}

function placeNow() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [page, ...rest] = path.split("/");
  return { page, rest: decodeURIComponent(rest.join("/")), query: new URLSearchParams(query) };
}

async function resumed() {
  if (!hasSession()) return null;
  const session = await read("/api/session").catch(() => null);
  if (!session) { forgetSession(); return null; }
  holdToken(session.token);
  return { kind: session.kind, name: session.name };
}

render(html`<${App} />`, document.getElementById("app"));
