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
