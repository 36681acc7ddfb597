// Text to a file on the reader's own machine; nothing leaves the page.

/** `text` is one, or the parts of one. */
export function saveText(name, type, text) {
  const url = URL.createObjectURL(new Blob([text].flat(), { type: `${type};charset=utf-8` }));
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

/** Rows as lines of CSV; a cell that a spreadsheet would run is made inert. */
export function csvLines(rows) {
  const cell = (value) => {
    const text = String(value ?? "");
    const inert = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
  };
  return rows.map((row) => `${row.map(cell).join(",")}\r\n`).join("");
}
