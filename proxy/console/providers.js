// Providers as administrators may change them: stopped, let go on, and bounded in calls at once; where they are is the operator's
// files' alone.
import { ask, read } from "./api.js";
import { count } from "./figures.js";
import { html, useState } from "./html.js";
import { Loaded, State, useLoaded } from "./parts.js";
import { Change } from "./deskparts.js";
import { wholeOf } from "./fields.js";
import { desk } from "./words.js";

const names = desk.files;

export function Providers() {
  const found = useLoaded(() => Promise.all([read("/api/admin/providers"), read("/api/admin/models")]), []);
  const [changing, setChanging] = useState(null);
  const heads = names.providerHeads;
  const patch = async (body) => {
    const path = `/api/admin/providers/${encodeURIComponent(changing.row.id)}`;
    const { version_tag: ifMatch } = await read(path);
    return ask("PATCH", path, { ifMatch, body });
  };
  const stops = changing?.row.status === "active";
  const turn = stops ? names.disable : names.enable;
  const close = () => setChanging(null);
  const done = () => { close(); found.again(); };
  return html`<section aria-labelledby="providers"><header><h2 id="providers">${names.providers}</h2></header><p class="soft">${names.providersLead}</p>
    <${Loaded} of=${found}>${([{ data }, models]) => html`<div class="scroll after" tabindex="0" role="region" aria-label=${names.providers}><table>
      <thead><tr><th scope="col">${heads.provider}</th><th scope="col">${heads.dialect}</th><th scope="col">${heads.state}</th><th scope="col" class="number">${heads.models}</th><th scope="col" class="number">${heads.atOnce}</th><th scope="col"><span class="hidden">${names.disable}</span></th></tr></thead>
      <tbody>${data.map((row) => html`<tr key=${row.id}><th scope="row" class="named" dir="auto">${row.name} <span class="id soft">${row.id}</span></th><td>${row.dialect}</td>
        <td><${State} tone=${row.status === "active" ? "go" : "stop"}>${names[row.status]}<//></td><td class="number">${count(models.data.filter((model) => (model.provider ?? model.id.split("/", 1)[0]) === row.id).length)}</td>
        <td class="number">${count(row.concurrency_max)}</td><td><div class="acts"><button type="button" class="plain" aria-label=${`${names.bound}: ${row.id}`} onClick=${() => setChanging({ row, bounds: true })}>${names.bound}</button>
          <button type="button" class="plain" aria-label=${`${row.status === "active" ? names.disable : names.enable}: ${row.id}`} onClick=${() => setChanging({ row })}>${row.status === "active" ? names.disable : names.enable}</button></div></td></tr>`)}</tbody></table></div>`}<//>
    ${changing && !changing.bounds && html`<${Change} title=${`${turn}: ${changing.row.name}`} lead=${stops ? names.disables : names.enables} button=${turn} danger=${stops}
      act=${({ reason }) => patch({ status: stops ? "disabled" : "active", reason })} onDone=${done} onClose=${close} />`}
    ${changing?.bounds && html`<${Change} title=${`${names.bound}: ${changing.row.name}`} lead=${names.bounds} button=${names.bound}
      act=${({ atOnce, reason }) => patch({ concurrency_max: wholeOf(atOnce), reason })} onDone=${done} onClose=${close}>
      <label class="field"><span>${heads.atOnce}</span><input type="text" inputmode="numeric" name="atOnce" defaultValue=${changing.row.concurrency_max} required autocomplete="off" /></label><//>`}</section>`;
}
