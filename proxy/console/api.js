// The only place that fetches: a method, a path and a body in, JSON or an ApiError out; holds the key or the session's token in
// memory and gives them to nobody.

let key = null;
let token = null;
let onRefused = () => {};
const onRenewed = new Set();

/** What the gateway, or the network, has against a request. `code` is the gateway's own, or `offline`. */
export class ApiError extends Error {
  constructor(status, code, message, more = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = more.details ?? {};
    this.param = more.param ?? null;
    this.callId = more.callId ?? null;
    this.requestId = more.requestId ?? null;
    this.retryAfterS = more.retryAfterS ?? null;
  }
}

export const holdKey = (text) => { key = text; if (text) renewed(); };
export const holdToken = (text) => { token = text; if (text) renewed(); };
export const heldKey = () => key;
export const whenRefused = (callback) => { onRefused = callback; };
/** Calls back once somebody has signed in; gives what forgets it. */
export const whenRenewed = (callback) => { onRenewed.add(callback); return () => onRenewed.delete(callback); };
const renewed = () => [...onRenewed].forEach((callback) => callback());

export async function ask(method, path, { body, signal, withKey, ifMatch } = {}) {
  const answer = await send(method, path, { body, signal, withKey, ifMatch });
  if (answer.status === 204) return null;
  const type = answer.headers.get("content-type") ?? "";
  if (!type.includes("json")) return answer.text();
  const value = await answer.json();
  const etag = answer.headers.get("etag");
  return etag && value && typeof value === "object" ? { ...value, version_tag: etag.replaceAll('"', "") } : value;
}

export const read = (path, query = {}, signal = undefined) => ask("GET", withQuery(path, query), { signal });

/** The events of an answer as they come: `decision`, `delta`, `usage`, `done`, `error`. Ends without `done` where it was cut. */
export async function* converse(body, signal) {
  const answer = await send("POST", "/api/ai/chat", { body, signal });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { value, done } = await reader.read().catch((error) => { throw broken(error); });
    if (done) return;
    waiting += value;
    const parts = waiting.split("\n\n");
    waiting = parts.pop();
    for (const part of parts) {
      const event = eventOf(part);
      if (event) yield event;
    }
  }
}

/** Events that go on, within a session; `onLost` hears once that they do not. Gives what ends it. */
export function follow(path, name, onEvent, onLost) {
  const source = new EventSource(path);
  source.addEventListener(name, (event) => onEvent(JSON.parse(event.data)));
  // The browser asks again by itself where the connection broke, and gives up where it was refused.
  source.addEventListener("error", () => { if (source.readyState === EventSource.CLOSED) onLost(); });
  return () => source.close();
}

export function withQuery(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
}

async function send(method, path, { body, signal, withKey, ifMatch }) {
  const headers = {};
  const shown = withKey ?? key;
  const by = key ?? token;
  if (shown) headers.authorization = `Bearer ${shown}`;
  else if (token && method !== "GET") headers["x-signalbox-session"] = token;
  if (body !== undefined) headers["content-type"] = "application/json";
  if (ifMatch) headers["if-match"] = `"${ifMatch}"`;
  const given = { method, headers, signal, cache: "no-store", redirect: "error", body: body === undefined ? undefined : JSON.stringify(body) };
  const answer = await fetch(path, given).catch((error) => { throw broken(error); });
  if (answer.ok) return answer;
  const refusal = await refusalOf(answer);
  if (answer.status === 401 && !withKey) {
    const held = key ?? token;
    // What the gateway says of the key is no help to whoever was signed in with it.
    refusal.code = "signed_out";
    refusal.isOver = Boolean(held) && held !== by;
    if (held === by) onRefused(refusal);
  }
  throw refusal;
}

function broken(error) {
  return error.name === "AbortError" ? error : new ApiError(0, "offline", "");
}

async function refusalOf(answer) {
  const said = await answer.json().then((value) => value.error ?? {}).catch(() => ({}));
  return new ApiError(answer.status, said.code ?? `http_${answer.status}`, said.message ?? "", {
    details: said,
    param: said.param,
    callId: answer.headers.get("x-signalbox-call"),
    requestId: answer.headers.get("x-request-id"),
    retryAfterS: Number(answer.headers.get("retry-after")) || null,
  });
}

function eventOf(text) {
  let name = "message";
  const data = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("event:")) name = line.slice(6).trim();
    else if (line.startsWith("data:")) data.push(line.slice(5).trim());
  }
  return data.length ? { name, data: JSON.parse(data.join("\n")) } : null;
}
