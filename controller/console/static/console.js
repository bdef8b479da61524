// Dark or light: what the system says, until a person turns it here; kept in this browser.
const KEPT = "tatara-dark";
function tatara_show() {
  const kept = localStorage.getItem(KEPT);
  if (kept !== null) Quasar.Dark.set(kept === "true");
}
function tatara_turn() {
  Quasar.Dark.toggle();
  localStorage.setItem(KEPT, String(Quasar.Dark.isActive));
}
addEventListener("load", () => setTimeout(tatara_show));

// Moments stand in the pages in UTC. People read them by the clock of their own computer; UTC stays in the title.
const UTC = /(\d{4})-(\d\d)-(\d\d) (\d\d:\d\d:\d\d) UTC(?![+−])/g;
function tatara_local(text) {
  return text.replace(UTC, (whole, year, month, day, time) => {
    const at = new Date(`${year}-${month}-${day}T${time}Z`);
    if (at.getTimezoneOffset() === 0) return whole;
    const two = (number) => String(number).padStart(2, "0");
    const zone = -at.getTimezoneOffset(), off = Math.abs(zone);
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${at.toLocaleTimeString("en-GB")} ` +
      `UTC${zone > 0 ? "+" : "−"}${Math.floor(off / 60)}${off % 60 ? ":" + two(off % 60) : ""}`;
  });
}
function tatara_times(node) {
  if (node.nodeType === Node.TEXT_NODE) {
    const local = tatara_local(node.data);
    if (local === node.data) return;
    if (node.parentElement) node.parentElement.title = node.data;
    node.data = local;
  } else if (!["SCRIPT", "STYLE", "TEXTAREA"].includes(node.nodeName)) {
    node.childNodes.forEach(tatara_times);
  }
}
new MutationObserver((changes) => {
  for (const change of changes) {
    if (change.type === "characterData") tatara_times(change.target);
    else change.addedNodes.forEach(tatara_times);
  }
}).observe(document, { subtree: true, childList: true, characterData: true });
