/** Help texts and panels that open over the page: the browser's own popovers, put beside what opens them. */

/** Milliseconds. */
const TOAST = 9000;

/** Make a Gradio panel a popover of a button. @param {string} panelId @param {string} buttonId */
export function panelOf(panelId, buttonId) {
  const [panel, button] = [document.getElementById(panelId), document.getElementById(buttonId)];
  if (!panel || !button) return;
  panel.setAttribute("popover", "auto");
  button.setAttribute("popovertarget", panelId);
  button.setAttribute("aria-controls", panelId);
  panel.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") /** @type {HTMLElement | null} */ (panel.querySelector("textarea, input"))?.focus();
  });
}

/** Close a panel once one of its buttons did its work. @param {string} panelId */
export function close(panelId) {
  const panel = document.getElementById(panelId);
  if (panel?.matches(":popover-open")) panel.hidePopover();
}

/** Say something for a while, above everything else. @param {HTMLElement} box @param {string} text */
export function toast(box, text) {
  box.textContent = text;
  if (box.matches(":popover-open")) box.hidePopover();
  box.showPopover();
  clearTimeout(Number(box.dataset.timer));
  box.dataset.timer = `${setTimeout(() => box.matches(":popover-open") && box.hidePopover(), TOAST)}`;
  box.onclick = () => box.hidePopover();
}

/** Every popover opens under its button, or above it where there is no room. */
export function placePopovers() {
  document.addEventListener("beforetoggle", place, true);
  document.addEventListener("toggle", place, true);
}

/** @param {Event} event */
function place(event) {
  const popover = /** @type {HTMLElement} */ (event.target);
  if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
  const button = document.querySelector(`[popovertarget="${popover.id}"]`);
  if (!button) return;
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const left = Math.min(Math.max(at.left - 12, 8), innerWidth - width - 8);
  const below = at.bottom + 6 + height < innerHeight - 8;
  const top = below ? at.bottom + 6 : Math.max(8, Math.min(at.top - 6, innerHeight - 8) - height);
  Object.assign(popover.style, { left: `${left}px`, top: `${top}px` });
}
