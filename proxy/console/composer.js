// Where a message is written: its text, its images, and quietly what it would come to.
import { ask } from "./api.js";
import { credits } from "./figures.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "./html.js";
import { takesImages } from "./picker.js";
import { history } from "./talk.js";
import { words } from "./words.js";

const PRECHECK_AFTER_MS = 700;
const PRECHECK_CHARS_MIN = 12;
const IMAGE_BYTES_MAX = 5 * 1024 * 1024;
const IMAGES_MAX = 4;
const IMAGE_TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif"];

export function Composer({ talk, draft, onDraft, choice, offer, shown, chosen }) {
  const [{ images, wrong }, setHeld] = useState({ images: [], wrong: "" });
  const [over, setOver] = useState(false);
  const field = useRef(null);
  const foreseen = useForeseen(talk, draft, images, choice);
  useLayoutEffect(() => { if (shown) field.current.focus({ preventScroll: true }); }, [shown]);
  useEffect(() => { fit(field.current); }, [draft]);
  const fits = takesImages(offer);
  const unfit = images.length > 0 && !fits ? words.chat.noImages : "";
  const ready = (draft.trim() || images.length) && talk.free && !unfit;
  const send = (event) => {
    event?.preventDefault();
    if (!ready) return;
    talk.send(draft.trim(), images, choice);
    onDraft("");
    setHeld((now) => ({ ...now, images: [] }));
  };
  const typed = (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
  };
  const add = async (files) => {
    const { taken, why } = await pictures(files);
    // While they were read others may have come or gone.
    setHeld((now) => {
      const all = [...now.images, ...taken];
      return { images: all.slice(0, IMAGES_MAX), wrong: why || (all.length > IMAGES_MAX ? words.chat.tooMany(IMAGES_MAX) : "") };
    });
  };
  const attach = async (event) => {
    await add([...event.target.files]);
    event.target.value = "";
  };
  /** What is pasted or dropped: its files, if it has any; text is the field's own affair. */
  const brought = (event, from) => {
    setOver(false);
    // Programs that copy tables put a picture of them beside the text.
    if (!from?.files.length || from.types.includes("text/plain")) return;
    event.preventDefault();
    if (fits) add([...from.files]);
    else setHeld((now) => ({ ...now, wrong: words.chat.noImages }));
  };
  const hover = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    setOver(true);
  };
  return html`<form class=${`composer ${over ? "over" : ""}`} onSubmit=${send} onPaste=${(event) => brought(event, event.clipboardData)}
      onDragOver=${hover} onDragLeave=${() => setOver(false)} onDrop=${(event) => brought(event, event.dataTransfer)}>
    ${images.length > 0 && html`<ul class="row">${images.map((image) => html`<li key=${image.url} class="thumb"><img src=${image.url} alt=${image.name} />
      <button type="button" aria-label=${words.chat.remove(image.name)} onClick=${() => setHeld((now) => ({ ...now, images: now.images.filter((other) => other !== image) }))}>×</button></li>`)}</ul>`}
    <label><span class="hidden">${words.chat.composer}</span>
      <textarea ref=${field} rows="2" dir="auto" value=${draft} placeholder=${words.chat.placeholder} aria-describedby="foreseen"
        onInput=${(event) => onDraft(event.target.value)} onKeyDown=${typed}></textarea></label>
    <p id="foreseen" class="small foreseen ${foreseen.tone}">${wrong || unfit || foreseen.text}</p>
    <div class="row">
      ${chosen}
      ${fits && html`<label class="button attach">${words.chat.attach}<input class="hidden" type="file" multiple accept=${IMAGE_TYPES.join()} onChange=${attach} /></label>`}
      ${talk.busy
        ? html`<button type="button" class="end" onClick=${talk.stop}>${words.chat.stop}</button>`
        : html`<button class="first end" disabled=${!ready}>${words.chat.send}</button>`}
    </div>
  </form>`;
}

/** What the draft would come to, once its writer pauses; silent about its own failures. */
function useForeseen(talk, draft, images, choice) {
  const [found, setFound] = useState({ text: "", tone: "" });
  useEffect(() => {
    setFound({ text: "", tone: "" });
    if (draft.trim().length < PRECHECK_CHARS_MIN || talk.busy) return undefined;
    const control = new AbortController();
    const timer = setTimeout(() => {
      const messages = history(talk.turns, { text: draft.trim(), images });
      ask("POST", "/api/ai/precheck", { body: { model: choice, messages }, signal: control.signal })
        .then((told) => setFound(said(told)), () => null);
    }, PRECHECK_AFTER_MS);
    return () => { clearTimeout(timer); control.abort(); };
  }, [draft, images, choice, talk.busy]);
  return found;
}

function said({ verdict, action, assistant, model, credits_worst: worst, refusal }) {
  if (action === "confirm") return { text: words.precheck.confirm(verdict.hazards.join(", ")), tone: "caution" };
  if (refusal) return { text: refusal.message || words.precheck.refused, tone: "caution" };
  const parts = [words.precheck.goes(assistant, model), words.precheck.at_most(credits(worst))];
  if (verdict.risk !== "safe") parts.push(words.precheck[verdict.risk](verdict.hazards.join(", ")));
  return { text: parts.join(" · "), tone: verdict.risk === "safe" ? "" : "caution" };
}

async function pictures(files) {
  const taken = [];
  let why = "";
  for (const file of files) {
    if (!IMAGE_TYPES.includes(file.type)) why = words.chat.wrongKind(file.name);
    else if (file.size > IMAGE_BYTES_MAX) why = words.chat.tooLarge(file.name);
    else taken.push({ name: file.name, url: await urlOf(file) });
  }
  return { taken, why };
}

function urlOf(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

/** As high as its text, within what the style allows. */
function fit(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}
