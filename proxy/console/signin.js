// Signing in: a key in, who it belongs to out; a user's key stays in memory, a supporter's or administrator's becomes a session.
import { ask, holdKey, holdToken } from "./api.js";
import { html, useLayoutEffect, useRef, useState } from "./html.js";
import { Trouble } from "./parts.js";
import { words } from "./words.js";

// Only that there may be a session, so that a page without one need not ask; the session itself is out of reach here.
const HINT = "signalbox-session";

export const hasSession = () => localStorage.getItem(HINT) === "1";
export const forgetSession = () => localStorage.removeItem(HINT);

export function SignIn({ onEnter, told, over, kind }) {
  const [state, setState] = useState({ busy: false, error: null });
  const field = useRef(null);
  useLayoutEffect(() => { field.current.focus(); }, []);
  const enter = async (event) => {
    event.preventDefault();
    const key = field.current.value.trim();
    if (!key || state.busy) return;
    setState({ busy: true, error: null });
    await entered(key).then(onEnter, (error) => setState({ busy: false, error }));
  };
  const form = html`<form class="stack" onSubmit=${enter}>
    ${over ? html`<h2>${words.sign.title}</h2>` : html`<h1>${words.sign.title}</h1>`}
    ${told ? html`<p class="note caution" role="alert">${told}</p>` : html`<p class="soft">${words.sign.lead}</p>`}
    <label class="field"><span>${words.sign.field}</span>
      <input ref=${field} type="password" name="key" autocomplete="off" autocapitalize="off" spellcheck=${false} required /></label>
    ${state.error && html`<${Trouble} error=${state.error} />`}
    <div class="row"><button class="first" disabled=${state.busy}>${words.sign.button}</button></div>
    <p class="small soft">${kind === "user" ? words.sign.held : `${words.sign.held} ${words.sign.session}`}</p>
  </form>`;
  return over ? html`<${Over}>${form}<//>` : html`<main class="gate"><p class="mark">
    <img src=${new URL("./signal.svg", import.meta.url).href} alt="" />${words.name}</p>${form}</main>`;
}

/** Above the page whose session ended, so that nothing on it is lost. */
function Over({ children }) {
  const dialog = useRef(null);
  useLayoutEffect(() => { dialog.current.showModal(); }, []);
  return html`<dialog ref=${dialog} aria-label=${words.sign.title} onCancel=${(event) => event.preventDefault()}>${children}</dialog>`;
}

async function entered(key) {
  if (key.startsWith("sb_app_")) throw Object.assign(new Error(words.sign.app), { code: "forbidden", status: 403 });
  if (key.startsWith("sb_admin_") || key.startsWith("sb_support_")) {
    const session = await ask("POST", "/api/session", { withKey: key });
    holdToken(session.token);
    localStorage.setItem(HINT, "1");
    return { kind: session.kind, name: session.name };
  }
  const me = await ask("GET", "/api/me", { withKey: key });
  holdKey(key);
  return { kind: "user", name: me.user.name, me };
}
